using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Hostile;

/// <summary>
/// Constants of a model that are NaN or infinite: an error names the tensor and the node where they forbid codes, and nothing else happens
/// where they do not.
/// </summary>
public sealed class NonFiniteConstantTests : IDisposable
{
    private static readonly CalibrationOptions Ignoring = new() { NonFinite = NonFiniteValues.Ignore };

    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathTo("model.onnx");

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("nanbias.onnx", "b", "y", "x", new long[] { 8 })]
    [InlineData("infbias.onnx", "b", "y", "x", new long[] { 8 })]
    [InlineData("nan_range.onnx", "w10", "n12", "in1", new long[] { 2, 8 })]
    public void The_models_that_ended_in_a_range_without_bounds(string file, string tensor, string node, string input, long[] shape)
    {
        string model = SharedFolder.Hostile(file);
        SampleList samples = new([new ModelSample(
            "sample", SampleTensor.Create<float>(input, RandomTensors.Normal(1, (int)shape.Aggregate((a, b) => a * b)), shape))]);

        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(model, samples, Output)).Should().Throw<OnnxModelException>()
            .WithMessage($"{model}: bias '{tensor}' of node '{node}' (Gemm) holds NaN or infinity; repair the model, or leave the node in "
                + "float (PtqOptions.FloatNodes).");
        _folder.Entries.Should().BeEmpty();
        PostTrainingQuantizer.Quantize(model, samples, Output, new PtqOptions { FloatNodes = new HashSet<string> { node } })
            .QuantizedNodes.Should().BeEmpty();
    }

    [Theory]
    [InlineData("weights of a Conv", "weight 'c-w' of node 'c-node' (Conv)")]
    [InlineData("a bias of a Conv", "bias 'c-b' of node 'c-node' (Conv)")]
    [InlineData("a bias of a Conv before a factor", "bias 'c-b' of node 'c-node' (Conv)")]
    [InlineData("weights of a ConvTranspose", "weight 'k' of node 'c-node' (ConvTranspose)")]
    [InlineData("weights of a MatMul", "weight 'k' of node 'c-node' (MatMul)")]
    [InlineData("a table", "weight 'k' of node 'c-node' (Gather)")]
    public void An_error_names_the_tensor_and_the_node(string name, string culprit)
    {
        foreach (float value in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            Make(name, value).Save(ModelPath);
            ModelCalibration calibration = ModelCalibrator.Calibrate(ModelPath, Samples(name), Ignoring);

            FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(ModelPath, calibration, Output)).Should()
                .Throw<OnnxModelException>()
                .WithMessage(
                    $"{ModelPath}: {culprit} holds NaN or infinity; repair the model, or leave the node in float (PtqOptions.FloatNodes).")
                .Which.Node.Should().Be("c-node");
            File.Exists(Output).Should().BeFalse();
            PostTrainingQuantizer.Quantize(ModelPath, calibration, Output, new PtqOptions { FloatNodes = new HashSet<string> { "c-node" } })
                .QuantizedNodes.Should().Contain("a-node");
            File.Delete(Output);
        }
    }

    [Theory]
    [InlineData("an operand of Add")]
    [InlineData("an operand of Mul")]
    [InlineData("an operand of Div")]
    [InlineData("the variance of a BatchNormalization")]
    [InlineData("the scale of a BatchNormalization behind a ConvTranspose")]
    [InlineData("the upper bound of a Clip")]
    [InlineData("the lower bound of a Clip")]
    [InlineData("alpha of a HardSigmoid")]
    [InlineData("beta of a HardSigmoid")]
    [InlineData("alpha of a LeakyRelu")]
    [InlineData("alpha of a Gemm")]
    [InlineData("beta of a Gemm")]
    public void A_model_is_written_or_the_error_names_what_is_wrong(string name)
    {
        foreach (float value in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            Make(name, value).Save(ModelPath);
            ModelCalibration calibration = ModelCalibrator.Calibrate(ModelPath, Samples(name), Ignoring);
            try
            {
                PostTrainingQuantizer.Quantize(ModelPath, calibration, Output).QuantizedNodes.Should().Contain("a-node");
            }
            catch (OnnxModelException e)
            {
                // ONNX Runtime folds it into the node before, whose constants then are at fault.
                e.Message.Should().Contain("holds NaN or infinity; repair the model, or leave the node in float (PtqOptions.FloatNodes).");
                name.Should().Contain("BatchNormalization");
                e.Node.Should().Be("b-node");
            }
        }
    }

    [Fact]
    public void A_factor_that_makes_weights_infinite_is_not_folded()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Node("Transpose", ["a"], "t", ModelBuilder.Ints("perm", 0, 1, 3, 2))
            .Constant("w", RandomTensors.Normal(1, 16, 1e30), 4, 4, 1, 1)
            .Constant("k", [1e20f], 1).Constant("small", [1e-25f], 1).Node("Mul", ["t", "small"], "s").Node("Relu", ["s"], "r")
            .Node("Conv", ["r", "w"], "c").Node("Mul", ["c", "k"], "y").Output("y", 1, 4, 8, 8);

        FloatModel cleaned = StaticInt8Recipe.Load(model.Save(ModelPath), null, TargetRuntime.OnnxRuntimeCpu);

        cleaned.Model.Graph.Initializer.Should()
            .AllSatisfy(tensor => tensor.ReadFloats().Should().OnlyContain(value => float.IsFinite(value)));
        PostTrainingQuantizer.Quantize(ModelPath, RandomTensors.Samples(2, GraphCases.ImageShape), Output).QuantizedNodes.Should()
            .Contain("c-node");
    }

    [Fact]
    public void A_bias_that_no_code_can_reach_is_named()
    {
        ModelBuilder model = ModelBuilder.Linear().Constant("tiny", [1e-30f]).Node("Mul", ["x", "tiny"], "z");
        (model.Graph.Node[0], model.Graph.Node[1]) = (model.Graph.Node[1].Clone(), model.Graph.Node[0].Clone());
        model.Graph.Node[1].Input[0] = "z";
        model.Graph.Initializer[1].RawData = TensorData.Make<float>(TensorProto.Types.DataType.Float, [1e38f, 1, 1]).RawData;
        model.Save(ModelPath);

        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(ModelPath, ModelBuilder.LinearSamples(), Output)).Should()
            .Throw<OnnxModelException>()
            .WithMessage($"{ModelPath}: bias 'b' of node 'y-node' (Gemm) holds 1E+38, which is too large beside inputs as small as 'z'; "
                + "leave the node in float (PtqOptions.FloatNodes).").Which.Node.Should().Be("y-node");
    }

    private static SampleList Samples(string name)
    {
        SampleTensor image = SampleTensor.Create<float>("x", RandomTensors.Normal(1, 3 * 64), GraphCases.ImageShape);
        return new SampleList([name == "a table"
            ? new ModelSample("sample", image, SampleTensor.Create<long>("i", [0, 1, 2], 3))
            : new ModelSample("sample", image)]);
    }

    /// <summary>A Conv <c>a</c>, then what has the value among its constants, then another Conv.</summary>
    private static ModelBuilder Make(string name, float value)
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4);
        float[] Spoiled(int count, int seed = 5)
        {
            float[] values = RandomTensors.Normal(seed, count, 0.3);
            values[1] = value;
            return values;
        }

        AttributeProto Attribute(string attribute) =>
            new() { Name = attribute, Type = AttributeProto.Types.AttributeType.Float, F = value };
        switch (name)
        {
            case "weights of a Conv" or "a bias of a Conv" or "a bias of a Conv before a factor":
                model.Conv("a", name.EndsWith("factor", StringComparison.Ordinal) ? "f" : "c", 4, 4);
                model.Graph.Node[^1].Name = "c-node";
                TensorProto spoiled = model.Graph.Initializer[name == "weights of a Conv" ? ^2 : ^1];
                spoiled.RawData = TensorData.Make<float>(TensorProto.Types.DataType.Float, Spoiled((int)spoiled.CountElements()!)).RawData;
                if (name.EndsWith("factor", StringComparison.Ordinal))
                {
                    (model.Graph.Initializer[^1].Name, model.Graph.Node[^1].Input[2]) = ("c-b", "c-b");
                    return model.Constant("k", [2]).Node("Sub", ["k", "f"], "e").Conv("e", "y", 4, 4).Output("y");
                }

                break;
            case "weights of a ConvTranspose":
                model.Constant("k", Spoiled(4 * 4 * 4), 4, 4, 2, 2)
                    .Node("ConvTranspose", ["a", "k"], "c", ModelBuilder.Ints("strides", 2, 2));
                break;
            case "weights of a MatMul":
                model.Constant("k", Spoiled(8 * 8), 8, 8).Node("MatMul", ["a", "k"], "c");
                break;
            case "a table":
                model.Constant("k", Spoiled(512 * 8), 512, 8).Node("Gather", ["k", "i"], "c").Input("i", 3).Output("c", 3, 8);
                model.Graph.Input[^1].Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Int64;
                return model.Output("a", 1, 4, 8, 8);
            case "an operand of Add" or "an operand of Mul" or "an operand of Div":
                model.Constant("k", Spoiled(8), 8).Node(name.Split(' ')[^1], ["a", "k"], "c");
                break;
            case "the variance of a BatchNormalization":
                model.Conv("a", "b", 4, 4).Constant("one", [1, 1, 1, 1], 4).Constant("k", Spoiled(4).Select(float.Abs).ToArray(), 4)
                    .Node("BatchNormalization", ["b", "one", "one", "one", "k"], "c");
                break;
            case "the scale of a BatchNormalization behind a ConvTranspose":
                model.Constant("w", RandomTensors.Normal(3, 64), 4, 4, 2, 2)
                    .Node("ConvTranspose", ["a", "w"], "b", ModelBuilder.Ints("strides", 2, 2))
                    .Constant("one", [1, 1, 1, 1], 4)
                    .Constant("k", Spoiled(4), 4)
                    .Node("BatchNormalization", ["b", "k", "one", "one", "one"], "c");
                break;
            case "the upper bound of a Clip" or "the lower bound of a Clip":
                model.Conv("a", "b", 4, 4).Constant("k", [value]).Constant("zero", [0])
                    .Node("Clip", name == "the upper bound of a Clip" ? ["b", "zero", "k"] : ["b", "k"], "c");
                break;
            case "alpha of a HardSigmoid" or "beta of a HardSigmoid" or "alpha of a LeakyRelu":
                model.Conv("a", "b", 4, 4).Node(name.Split(' ')[^1], ["b"], "c", Attribute(name.Split(' ')[0]));
                break;
            case "alpha of a Gemm" or "beta of a Gemm":
                return model.Node("Flatten", ["a"], "f").Constant("w", RandomTensors.Normal(3, 256 * 4), 256, 4)
                    .Constant("b", [1, 2, 3, 4], 4).Node("Gemm", ["f", "w", "b"], "y", Attribute(name.Split(' ')[0])).Output("y", 1, 4);
            default:
                throw new ArgumentOutOfRangeException(nameof(name), name, "No such case.");
        }

        return model.Conv("c", "y", 4, 4).Output("y");
    }
}
