using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Planning;

/// <summary>Which products of matrices the rules take, and what they say of the others.</summary>
public sealed class MatrixFormTests
{
    private const int Width = 4;

    /// <summary>The form, and why it stays in float.</summary>
    public static TheoryData<string, string> Others => new()
    {
        { "three axes", "its weights are not a matrix" },
        { "one axis", "its weights are not a matrix" },
        { "no columns", "its weights are not a matrix" },
        { "constant input", "its input is constant" },
        { "integers", "its weights are not 32-bit floats" },
        { "computed", "its weights are computed, not constant" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void What_has_no_matrix_of_weights_stays_in_float_and_says_why(string form, string reason)
    {
        GraphIndex graph = new(Make(form).Graph);
        Target target = Targets.Of(TargetRuntime.OnnxRuntimeCpu);
        List<QuantizableGraph> analyses = [DynamicRules.Apply(graph, target), MatrixRules.Apply(graph, target, MatrixRules.NoConvolution)];
        if (form != "integers")
        {
            analyses.Add(BlockRules.Apply(graph, target)); // it takes floats of 16 bits too, and says so
        }

        foreach (QuantizableGraph analysis in analyses)
        {
            analysis.Whole.Nodes.Select(node => node.Label).Should().Equal("plain-node");
            analysis.Whole.Notes.Float.Should().Equal(new Dictionary<string, string> { ["y-node"] = reason });
        }
    }

    /// <summary>Beside a product that all rules take, one of a form.</summary>
    private static ModelBuilder Make(string form)
    {
        ModelBuilder model = new ModelBuilder().Input("x", 2, Width).Constant("w", RandomTensors.Normal(1, Width * Width), Width, Width)
            .Node("MatMul", ["x", "w"], "plain").Output("plain", 2, Width);
        switch (form)
        {
            case "three axes":
                return model.Constant("v", RandomTensors.Normal(2, 3 * Width * Width), 3, Width, Width)
                    .Node("MatMul", ["x", "v"], "y").Output("y", 3, 2, Width);
            case "one axis":
                return model.Constant("v", RandomTensors.Normal(2, Width), Width).Node("MatMul", ["x", "v"], "y").Output("y", 2);
            case "no columns":
                return model.Constant("v", [], Width, 0).Node("MatMul", ["x", "v"], "y").Output("y", 2, 0);
            case "constant input":
                return model.Constant("v", RandomTensors.Normal(2, Width * Width), Width, Width)
                    .Constant("c", RandomTensors.Normal(3, Width), 1, Width).Node("MatMul", ["c", "v"], "y").Output("y", 1, Width);
            case "integers":
                return model.Integers("v", new long[Width * Width], Width, Width).Node("MatMul", ["x", "v"], "y").Output("y", 2, Width);
            default:
                return model.Node("Transpose", ["x"], "t").Node("Tanh", ["t"], "v").Node("MatMul", ["x", "v"], "y").Output("y", 2, 2);
        }
    }
}
