using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Passes;

/// <summary>Each operator that changed its form runs before and after, and gives the same bits.</summary>
public sealed class OpsetUpgradeTests
{
    private static readonly float[] Values = [.. Enumerable.Range(0, 48).Select(i => i * 37 % 64 / 8f - 3)];

    private static readonly long[] Shape = [2, 3, 2, 4];

    private static readonly (string OperatorType, long Opset, AttributeProto[] Attributes)[] Nodes =
    [
        ("Clip", 6, [Float("min", -1), Float("max", 2)]),
        ("Clip", 10, [Float("max", 2)]),
        ("Clip", 9, []),
        ("Dropout", 7, [Float("ratio", 0.3f)]),
        ("Pad", 10, [ModelBuilder.Ints("pads", 0, 0, 1, 1, 0, 0, 0, 2), Float("value", 1.5f)]),
        ("Pad", 7, [ModelBuilder.Ints("pads", 0, 0, 1, 1, 0, 0, 0, 2), Text("mode", "edge")]),
        ("ReduceSum", 11, [ModelBuilder.Ints("axes", 1, 3), ModelBuilder.Int("keepdims", 0)]),
        ("ReduceSum", 11, []),
        ("Slice", 9, [ModelBuilder.Ints("starts", 1, -3), ModelBuilder.Ints("ends", 100, -1), ModelBuilder.Ints("axes", 1, 3)]),
        ("Slice", 7, [ModelBuilder.Ints("starts", 1), ModelBuilder.Ints("ends", 2)]),
        ("Softmax", 12, []),
        ("Softmax", 11, [ModelBuilder.Int("axis", 2)]),
        ("Softmax", 11, [ModelBuilder.Int("axis", 3)]),
        ("Softmax", 11, [ModelBuilder.Int("axis", -1)]),
        ("LogSoftmax", 7, []),
        ("Hardmax", 11, [ModelBuilder.Int("axis", 1)]),
        ("Squeeze", 11, []),
        ("Unsqueeze", 11, [ModelBuilder.Ints("axes", 0, 3)]),
        ("Upsample", 7, [Floats("scales", 1, 1, 2, 3)]),
        ("Upsample", 8, [Floats("scales", 1, 1, 2, 2), Text("mode", "linear")]),
        ("BatchNormalization", 8, [ModelBuilder.Int("spatial", 1)]),
    ];

    /// <summary>What a test run shows of each node, and its place in the list.</summary>
    public static TheoryData<string, int> NodeList => new(Nodes.Select((node, i) => (FormattableString.Invariant(
        $"{node.OperatorType}-{node.Opset} {string.Join(", ", node.Attributes.Select(each => each.Name))}"), i)));

    [Theory]
    [MemberData(nameof(NodeList))]
    public void A_lifted_node_gives_the_same_bits(string shown, int index)
    {
        (string operatorType, long opset, AttributeProto[] attributes) = Nodes[index];
        shown.Should().StartWith(operatorType);
        ModelBuilder builder = new(opset);
        string[] inputs = ["x"];
        if (operatorType == "BatchNormalization")
        {
            inputs = ["x", "scale", "bias", "mean", "variance"];
            foreach (string name in inputs[1..])
            {
                builder.Constant(name, [1.5f, 0.75f, 2], 3);
            }
        }

        LiftsToTheSame(builder.Node(operatorType, inputs, "y", attributes));
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(0.5f, 0.75f)]
    public void A_resize_rounds_coordinates_as_before(float height, float width) =>
        LiftsToTheSame(new ModelBuilder(10).Constant("scales", [1, 1, height, width], 4).Node("Resize", ["x", "scales"], "y"));

    [Fact]
    public void A_split_keeps_its_parts()
    {
        ModelBuilder builder = new(11);
        builder.Node("Split", ["x"], "y", ModelBuilder.Int("axis", 3), ModelBuilder.Ints("split", 1, 3));
        builder.Graph.Node[0].Output.Add("z");
        builder.Output("z");

        LiftsToTheSame(builder);
    }

    [Fact]
    public void A_branch_is_lifted_too()
    {
        ModelBuilder builder = new ModelBuilder(11).Node("ReduceSum", ["x"], "sum", ModelBuilder.Int("keepdims", 0)).Constant("zero", [0f])
            .Node("Greater", ["sum", "zero"], "positive");
        builder.Node("If", ["positive"], "y", Branch("then_branch", 1), Branch("else_branch", 2));

        LiftsToTheSame(builder);

        static AttributeProto Branch(string name, long axis)
        {
            ModelBuilder branch = new ModelBuilder()
                .Node("Softmax", ["x"], $"{name}-y", ModelBuilder.Int("axis", axis)).Output($"{name}-y");
            branch.Graph.Output[0].Type.TensorType.Shape = null;
            return new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = branch.Graph };
        }
    }

    [Fact]
    public void What_has_no_equal_names_the_node_and_the_way_out()
    {
        ModelBuilder builder = new ModelBuilder(10).Input("x", Shape).Output("y").Input("scales", 4).Node("Resize", ["x", "scales"], "y");

        Action lift = () => OpsetUpgrade.Apply("model.onnx", builder.Model);

        lift.Should().Throw<OnnxModelException>().WithMessage(
            "model.onnx: node 'y-node' (Resize) cannot be brought to operator set 13, which quantization needs: whether it enlarges or "
                + "reduces is computed, and the rounding of coordinates depends on it; export the model with operator set 13 or later.")
            .Which.Node.Should().Be("y-node");
    }

    [Fact]
    public void Models_that_are_too_old_are_refused()
    {
        Action lift = () => OpsetUpgrade.Apply("model.onnx", new ModelBuilder(5).Model);

        lift.Should().Throw<OnnxModelException>().WithMessage("model.onnx: the model has operator set 5, and 6 is the oldest that can be "
            + "quantized; export it with operator set 13 or later.");
    }

    private static void LiftsToTheSame(ModelBuilder builder)
    {
        ModelProto model = builder.Input("x", Shape).Model;
        builder.Output("y");
        model.Graph.Output.ToList().ForEach(output => output.Type.TensorType.Shape = null);
        float[][] before = ModelRun.Floats(model, Values, Shape);

        OpsetUpgrade.Apply("model.onnx", model);

        Opset.Find(model)!.Version.Should().Be(13);
        ModelRun.Floats(model, Values, Shape).Should().BeEquivalentTo(before, options => options.WithStrictOrdering());
    }

    private static AttributeProto Float(string name, float value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    private static AttributeProto Text(string name, string value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    private static AttributeProto Floats(string name, params float[] values)
    {
        AttributeProto attribute = new() { Name = name, Type = AttributeProto.Types.AttributeType.Floats };
        attribute.Floats.Add(values);
        return attribute;
    }
}
