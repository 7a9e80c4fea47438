using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Planning;

/// <summary>Which nodes run on codes by their operator, inputs and attributes alone, and which node behind one only cuts at 0.</summary>
public sealed class OperatorRuleTests
{
    [Theory]
    [InlineData("Pad", "x,pads", true)]
    [InlineData("Pad", "x,pads,", true)]
    [InlineData("Pad", "x,pads,,axes", true)]
    [InlineData("Pad", "x,pads,value", false)]
    [InlineData("Resize", "x,,scales", true)]
    [InlineData("Resize, linear", "x,,scales", false)]
    [InlineData("MaxPool", "x", true)]
    [InlineData("MaxPool with indices", "x", false)]
    [InlineData("Reshape of another domain", "x,shape", false)]
    public void Nodes_that_only_move_values_run_on_codes(string form, string inputs, bool moves)
    {
        string operatorType = form.Split(' ', ',')[0];
        NodeProto node = new() { OpType = operatorType, Domain = form.EndsWith("domain", StringComparison.Ordinal) ? "com.example" : "" };
        node.Input.Add(inputs.Split(','));
        node.Output.Add(form.EndsWith("indices", StringComparison.Ordinal) ? ["y", "i"] : ["y"]);
        if (form.EndsWith("linear", StringComparison.Ordinal))
        {
            AttributeProto.Types.AttributeType text = AttributeProto.Types.AttributeType.String;
            node.Attribute.Add(new AttributeProto { Name = "mode", Type = text, S = ByteString.CopyFromUtf8("linear") });
        }

        OperatorRule? rule = OperatorRules.Find(node, Targets.Of(TargetRuntime.OnnxRuntimeCpu));

        (rule?.Role == NodeRole.DataMovement).Should().Be(moves);
    }

    [Theory]
    [InlineData("Relu", true)]
    [InlineData("Clip from 0", true)]
    [InlineData("Clip from 0 as a list", true)]
    [InlineData("Clip from -1", false)]
    [InlineData("Clip from -1 as a list", false)]
    [InlineData("Clip from 1 as a list", false)]
    [InlineData("Clip without a least", false)]
    [InlineData("Clip from a computed value", false)]
    [InlineData("Relu of another domain", false)]
    [InlineData("Relu beside another reader", false)]
    [InlineData("Relu of an output", false)]
    public void What_cuts_at_0_is_the_last_node_where_it_alone_reads(string form, bool isLast)
    {
        ModelBuilder model = new ModelBuilder().Input("x", 4).Input("computed").Node("Neg", ["x"], "a");
        float bound = form.Contains("-1", StringComparison.Ordinal) ? -1 : form.Contains('1') ? 1 : 0;
        TensorProto least = TensorData.Make<float>(TensorProto.Types.DataType.Float, [bound]);
        if (form.EndsWith("list", StringComparison.Ordinal))
        {
            least.FloatData.Add(least.ReadFloats());
            least.ClearRawData();
        }

        least.Name = "least";
        model.Graph.Initializer.Add(least);
        bool readsAlone = form.StartsWith("Relu", StringComparison.Ordinal) || form.EndsWith("without a least", StringComparison.Ordinal);
        string[] inputs = readsAlone ? ["a"]
            : form.EndsWith("computed value", StringComparison.Ordinal) ? ["a", "computed"] : ["a", "least"];
        model.Node(form.Split(' ')[0], inputs, "y").Output("y", 4);
        NodeProto[] nodes = [.. model.Graph.Node];
        nodes[1].Domain = form.EndsWith("domain", StringComparison.Ordinal) ? "com.example" : "";
        if (form.EndsWith("another reader", StringComparison.Ordinal))
        {
            model.Node("Exp", ["a"], "b").Output("b", 4);
        }
        else if (form.EndsWith("output", StringComparison.Ordinal))
        {
            model.Output("a", 4);
        }

        NodeProto last = OperatorRules.FindLast(nodes[0], new GraphIndex(model.Graph));

        last.Should().BeSameAs(nodes[isLast ? 1 : 0]);
    }
}
