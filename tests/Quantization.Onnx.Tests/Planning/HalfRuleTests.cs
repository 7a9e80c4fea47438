using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Planning;

/// <summary>Which inputs and results of an operator can be floats of 16 bits: those that ONNX gives the operator's float type.</summary>
public sealed class HalfRuleTests
{
    /// <summary>The operator, its inputs, its results; the positions of the inputs and of the results that can have 16 bits.</summary>
    public static TheoryData<string, string, string, int[], int[]> Operators => new()
    {
        { "Reshape", "x,n", "y", [0], [0] },
        { "Slice", "x,n,n", "y", [0], [0] },
        { "TopK", "x,n", "y,i", [0], [0] },
        { "MaxPool", "x", "y,i", [0], [0] },
        { "Gather", "w,n", "y", [0], [0] },
        { "Exp", "x", "y", [0], [0] },
        { "ReduceSum", "x,n", "y", [0], [0] },
        { "Pow", "x,w", "y", [0, 1], [0] },
        { "Div", "x,w", "y", [0, 1], [0] },
        { "Clip", "x,w,w", "y", [0, 1, 2], [0] },
        { "Clip", "x,,w", "y", [0, 2], [0] },
        { "Conv", "x,w,w", "y", [0, 1, 2], [0] },
        { "MatMul", "x,w", "y", [0, 1], [0] },
        { "Split", "x,n", "y,z", [0], [0, 1] },
        { "GRU", "x,w,w,w,n,w", "y,z", [0, 1, 2, 3, 5], [0, 1] },
        { "Shape", "x", "i", [0], [] },
        { "Pad", "x,n,w", "y", [0, 2], [0] },
        { "LSTM", "x,w,w,w,n,w,w,w", "y,z,u", [0, 1, 2, 3, 5, 6, 7], [0, 1, 2] },
    };

    [Theory]
    [MemberData(nameof(Operators))]
    public void Operands_of_the_float_type_can_have_16_bits_and_others_cannot(
        string operatorType, string inputs, string results, int[] halfInputs, int[] halfResults)
    {
        QuantizableGraph analysis = HalfRules.Apply(Make(operatorType, inputs, results), Targets.Of(TargetRuntime.OnnxRuntimeCpu));

        HalfOperands operands = analysis.Facts.Should().ContainSingle().Subject.Candidate!.Half!;
        operands.Inputs.Should().Equal(halfInputs);
        operands.Results.Should().Equal(halfResults);
    }

    [Theory]
    [InlineData("Add", "x,n", "y")]
    [InlineData("Reshape", "n,n", "y")]
    [InlineData("NonZero", "x", "y")]
    [InlineData("Relu", "x", "")]
    [InlineData("GRU", "x,w,w", ",z")]
    public void A_node_beside_whole_numbers_or_without_a_rule_has_none(string operatorType, string inputs, string results) =>
        HalfRules.Apply(Make(operatorType, inputs, results), Targets.Of(TargetRuntime.OnnxRuntimeCpu)).Facts
            .Should().ContainSingle().Which.Candidate.Should().BeNull();

    private static GraphIndex Make(string operatorType, string inputs, string results)
    {
        ModelBuilder model = new ModelBuilder().Input("x", 4, 4).Constant("w", RandomTensors.Normal(1, 16), 4, 4).Integers("n", 1);
        NodeProto node = new() { OpType = operatorType };
        node.Input.Add(inputs.Split(','));
        node.Output.Add(results.Split(','));
        model.Graph.Node.Add(node);
        return new GraphIndex(model.Graph);
    }
}
