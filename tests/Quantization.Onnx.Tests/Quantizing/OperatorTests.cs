using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>
/// Each operator that codes flow through, between two convolutions: only the model's input and output are converted, and the result is
/// close.
/// </summary>
public sealed class OperatorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Add a scalar", "QLinearAdd")]
    [InlineData("Add rows, Relu", "QLinearAdd")]
    [InlineData("AveragePool", "QLinearAveragePool")]
    [InlineData("Clip", null)]
    [InlineData("Concat", "QLinearConcat")]
    [InlineData("Concat of Relu", "QLinearConcat")]
    [InlineData("ConvTranspose", null)]
    [InlineData("ConvTranspose, Relu", null)]
    [InlineData("ConvTranspose, BatchNormalization", null)]
    [InlineData("DepthToSpace", null)]
    [InlineData("Div by rows", "QLinearMul")]
    [InlineData("Expand", null)]
    [InlineData("Flatten", null)]
    [InlineData("Gather", null)]
    [InlineData("GlobalAveragePool", "QLinearGlobalAveragePool")]
    [InlineData("LeakyRelu", "QLinearLeakyRelu")]
    [InlineData("MaxPool", null)]
    [InlineData("Mul", "QLinearMul")]
    [InlineData("Mul with rows", "QLinearMul")]
    [InlineData("Pad", null)]
    [InlineData("Resize", null)]
    [InlineData("Sigmoid", "QLinearSigmoid")]
    [InlineData("Slice", null)]
    [InlineData("Split", null)]
    [InlineData("Squeeze", null)]
    [InlineData("Sub", "QLinearAdd")]
    [InlineData("Sub rows", "QLinearAdd")]
    [InlineData("Tile", null)]
    [InlineData("Transpose", null)]
    public void Codes_flow_through(string name, string? integerOperator)
    {
        string model = Make(name).Save(_folder.PathTo("model.onnx"));

        PtqResult result = PostTrainingQuantizer.Quantize(
            model, RandomTensors.Samples(16, GraphCases.ImageShape), _folder.PathTo("out.onnx"));

        result.ConversionReasons.Should().Equal("to codes: 'x' comes in as floats", "to floats: 'y' goes out as floats");
        result.Int8Operators.Keys.Except(name == "Split" ? ["QLinearConcat"] : []).Should()
            .BeEquivalentTo(integerOperator is null ? ["QLinearConv"] : ["QLinearConv", integerOperator]);
        Decibels.Sqnr(Run(model), Run(result.OutputPath)).Should().BeGreaterThan(25);
    }

    [Theory]
    [InlineData("Concat")]
    [InlineData("Concat of Relu")]
    public void What_is_concatenated_has_the_parameters_of_the_result(string name)
    {
        PtqResult result = PostTrainingQuantizer.Quantize(
            Make(name).Save(_folder.PathTo("model.onnx")), RandomTensors.Samples(16, GraphCases.ImageShape), _folder.PathTo("out.onnx"));

        string[] inputs = name == "Concat" ? ["a", "b"] : ["a1", "b1"];
        inputs.Select(input => result.Activations[input].Range).Should().AllBeEquivalentTo(result.Activations["c"].Range);
    }

    [Theory]
    [InlineData("Softmax")]
    [InlineData("Div rows")]
    [InlineData("Concat with a float")]
    [InlineData("Concat with a constant")]
    [InlineData("Tanh")]
    [InlineData("Pow")]
    [InlineData("Sqrt")]
    [InlineData("HardSigmoid")]
    [InlineData("ConvTranspose of two groups")]
    [InlineData("ReduceMean")]
    [InlineData("Pad with a value")]
    [InlineData("Resize between")]
    public void What_integers_would_harm_or_cannot_run_stays_in_float_and_is_named(string name)
    {
        PtqResult result = PostTrainingQuantizer.Quantize(
            Make(name).Save(_folder.PathTo("model.onnx")), RandomTensors.Samples(16, GraphCases.ImageShape), _folder.PathTo("out.onnx"));

        result.QuantizedNodes.Where(node => node != "b-node").Should().Equal("a-node", "y-node");
        result.ConversionReasons.Should().HaveCount(4).And.Contain(reason => reason.StartsWith("to floats: read in float by 'c-node' ("))
            .And.Contain(reason => reason.Contains("is made in float by 'c-node' ("));
    }

    /// <summary>One, two or three spatial axes, groups and depthwise: each runs on integers between two others.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 4)]
    [InlineData(2, 2)]
    [InlineData(2, 4)]
    [InlineData(3, 1)]
    [InlineData(3, 4)]
    public void Convolutions_of_any_axes_and_groups_run_on_integers(int axes, int groups)
    {
        long[] shape = [1, 4, .. Enumerable.Repeat(5L, axes)], kernel = [.. Enumerable.Repeat(3L, axes)];
        ModelBuilder model = new ModelBuilder().Input("x", shape).Output("y", shape);
        foreach ((string from, string to) in (ReadOnlySpan<(string, string)>)[("x", "a"), ("a", "b"), ("b", "y")])
        {
            int weights = 4 * 4 / groups * (int)Math.Pow(3, axes);
            model.Constant($"{to}-w", RandomTensors.Normal(to[0], weights, 0.3), [4, 4 / groups, .. kernel])
                .Node("Conv", [from, $"{to}-w"], to, ModelBuilder.Int("group", groups), ModelBuilder.Ints(
                    "pads", [.. Enumerable.Repeat(1L, 2 * axes)]));
        }

        PtqResult result = PostTrainingQuantizer.Quantize(
            model.Save(_folder.PathTo("model.onnx")), RandomTensors.Samples(16, shape), _folder.PathTo("out.onnx"));

        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["QLinearConv"] = 3 });
        result.Conversions.Should().Be(2);
        float[] input = RandomTensors.Normal(1, 4 * (int)Math.Pow(5, axes));
        Decibels.Sqnr(
            ModelRun.Floats(ModelFile.Load(_folder.PathTo("model.onnx")).Model, input, shape)[0],
            ModelRun.Floats(ModelFile.Load(result.OutputPath).Model, input, shape)[0]).Should()
            .BeGreaterThan(25);
    }

    private static ModelBuilder Make(string name)
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4);
        int channels = 4;
        switch (name)
        {
            case "Concat":
                model.Conv("x", "b", 3, 4).Node("Concat", ["a", "b"], "c", ModelBuilder.Int("axis", 1));
                channels = 8;
                break;
            case "AveragePool" or "MaxPool":
                model.Node(name, ["a"], "c", ModelBuilder.Ints("kernel_shape", 2, 2), ModelBuilder.Ints("strides", 2, 2));
                break;
            case "Clip":
                model.Constant("least", [0]).Constant("most", [6]).Node(name, ["a", "least", "most"], "c");
                break;
            case "Concat with a float":
                model.Node("Concat", ["a", "x"], "c", ModelBuilder.Int("axis", 1));
                channels = 7;
                break;
            case "Concat with a constant":
                model.Constant("places", RandomTensors.Normal(3, 128), 1, 2, 8, 8)
                    .Node("Concat", ["a", "places"], "c", ModelBuilder.Int("axis", 1));
                channels = 6;
                break;
            case "Pow":
                model.Constant("exponent", [2]).Node(name, ["a", "exponent"], "c");
                break;
            case "Sqrt":
                model.Node("Relu", ["a"], "b").Node(name, ["b"], "c");
                break;
            case "Transpose":
                model.Node(name, ["a"], "c", ModelBuilder.Ints("perm", 0, 1, 3, 2));
                break;
            case "Concat of Relu":
                model.Conv("x", "b", 3, 4).Node("Relu", ["a"], "a1").Node("Relu", ["b"], "b1")
                    .Node("Concat", ["a1", "b1"], "c", ModelBuilder.Int("axis", 1));
                channels = 8;
                break;
            case "Add a scalar":
                model.Constant("scalar", [0.75f]).Node("Relu", ["a"], "b").Node("Add", ["scalar", "b"], "c");
                break;
            case "Add rows, Relu":
                model.Constant("rows", RandomTensors.Normal(3, 8), 8, 1).Node("Add", ["a", "rows"], "b").Node("Relu", ["b"], "c");
                break;
            case "Mul with rows" or "Div by rows" or "Sub rows":
                model.Constant("rows", [1, 2, 3, 4, -1, -2, -3, -4], 8, 1).Node(name[..3], ["a", "rows"], "c");
                break;
            case "Div rows":
                model.Constant("rows", RandomTensors.Normal(3, 8), 8, 1).Node("Div", ["rows", "a"], "c");
                break;
            case "ReduceMean":
                model.Node(name, ["a"], "c", ModelBuilder.Ints("axes", 2));
                break;
            case "ConvTranspose":
                model.Constant("w", RandomTensors.Normal(3, 4 * 3 * 4), 4, 3, 2, 2)
                    .Constant("bias", [1, -2, 3], 3).Node(name, ["a", "w", "bias"], "c", ModelBuilder.Ints("strides", 2, 2));
                channels = 3;
                break;
            case "ConvTranspose, Relu":
                model.Constant("w", RandomTensors.Normal(3, 4 * 3 * 16), 4, 3, 4, 4)
                    .Node("ConvTranspose", ["a", "w"], "b", ModelBuilder.Ints("strides", 2, 2), ModelBuilder.Ints("pads", 1, 1, 1, 1))
                    .Node("Relu", ["b"], "c");
                model.Graph.ValueInfo.Add(
                    new ValueInfoProto { Name = "b", Type = new ModelBuilder().Input("b", 1, 3, 16, 16).Graph.Input[0].Type });
                channels = 3;
                break;
            case "ConvTranspose, BatchNormalization":
                model.Constant("w", RandomTensors.Normal(3, 4 * 3 * 4), 4, 3, 2, 2)
                    .Constant("mean", [1, 2, 3], 3)
                    .Constant("variance", [1, 2, 3], 3)
                    .Node("ConvTranspose", ["a", "w"], "b", ModelBuilder.Ints("strides", 2, 2))
                    .Node("BatchNormalization", ["b", "variance", "mean", "mean", "variance"], "c");
                channels = 3;
                break;
            case "ConvTranspose of two groups":
                model.Constant("w", RandomTensors.Normal(3, 8), 4, 2, 1, 1)
                    .Node("ConvTranspose", ["a", "w"], "c", ModelBuilder.Int("group", 2));
                break;
            case "DepthToSpace":
                model.Node(name, ["a"], "c", ModelBuilder.Int("blocksize", 2));
                channels = 1;
                break;
            case "Expand":
                model.Integers("shape", 2, 4, 8, 8).Node(name, ["a", "shape"], "c");
                break;
            case "Flatten":
                model.Node(name, ["a"], "b", ModelBuilder.Int("axis", 2))
                    .Integers("shape", 1, 4, 8, 8).Node("Reshape", ["b", "shape"], "c");
                break;
            case "Gather":
                model.Integers("indices", 0, 2).Node(name, ["a", "indices"], "c", ModelBuilder.Int("axis", 1));
                channels = 2;
                break;
            case "Mul" or "Sub":
                model.Conv("x", "b", 3, 4).Node(name, ["a", "b"], "c");
                break;
            case "Pad":
                model.Integers("pads", 0, 0, 1, 1, 0, 0, 1, 1).Node(name, ["a", "pads"], "c");
                break;
            case "Pad with a value":
                model.Integers("pads", 0, 0, 1, 1, 0, 0, 1, 1).Constant("value", [1.5f]).Node("Pad", ["a", "pads", "value"], "c");
                break;
            case "Resize":
                model.Constant("scales", [1, 1, 2, 2], 4).Node(name, ["a", "", "scales"], "c");
                break;
            case "Resize between":
                model.Constant("scales", [1, 1, 2, 2], 4).Node("Resize", ["a", "", "scales"], "c", Text("mode", "linear"));
                break;
            case "Slice":
                model.Integers("starts", 1).Integers("ends", 3).Integers("axes", 1).Node(name, ["a", "starts", "ends", "axes"], "c");
                channels = 2;
                break;
            case "Split":
                model.Integers("lengths", 1, 3).Node(name, ["a", "lengths"], "s", ModelBuilder.Int("axis", 1));
                model.Graph.Node[^1].Output.Add("t");
                model.Conv("s", "u", 1, 4).Conv("t", "v", 3, 4).Node("Concat", ["u", "v"], "c", ModelBuilder.Int("axis", 1));
                channels = 8;
                break;
            case "Squeeze":
                model.Integers("axes", 0).Node(name, ["a", "axes"], "b").Node("Unsqueeze", ["b", "axes"], "c");
                break;
            case "Tile":
                model.Integers("repeats", 1, 1, 2, 1).Node(name, ["a", "repeats"], "c");
                break;
            default:
                model.Node(name, ["a"], "c");
                break;
        }

        model.Conv("c", "y", channels, 4).Output("y");
        model.Graph.Output[0].Type.TensorType.Shape = null;
        return model;
    }

    private static AttributeProto Text(string name, string value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    private static float[] Run(string path)
    {
        using InferenceSession session = new(path);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(RandomTensors.Normal(1, 3 * 64), GraphCases.ImageShape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, new Dictionary<string, OrtValue> { ["x"] = input }, ["y"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
