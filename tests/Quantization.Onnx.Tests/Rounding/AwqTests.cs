using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Rounding;

/// <summary>Scales that weights take and that others give back.</summary>
public sealed class AwqTests : IDisposable
{
    private const int Width = 64, Samples = 24;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_model_computes_what_it_did_before_and_loses_less()
    {
        string path = Network(isReadElsewhere: false).Save(_folder.PathTo("model.onnx"));
        ModelProto model = ModelFile.Load(path).Model;

        ModelProto exact = Quantize(path, WeightMethod.Awq, 8), awq = Quantize(path, WeightMethod.Awq, 4),
            weighted = Quantize(path, WeightMethod.Weighted, 4);

        awq.Graph.Node.Select(node => node.OpType).Should().Equal("Mul", "MatMulNBits", "MatMulNBits", "Mul", "MatMulNBits");
        awq.Graph.Initializer.Where(tensor => tensor.Dims is [Width]).Single().ReadFloats().Should()
            .NotEqual(model.Graph.Initializer.Single(tensor => tensor.Name == "gain").ReadFloats(), "it gives the scale back");
        weighted.Graph.Initializer.Where(tensor => tensor.Dims is [Width]).Single().ReadFloats().Should()
            .Equal(model.Graph.Initializer.Single(tensor => tensor.Name == "gain").ReadFloats());
        Noise(exact, model).Should().BeLessThan(0.01);
        Noise(awq, model).Should().BeLessThan(0.9 * Noise(weighted, model));
    }

    [Fact]
    public void A_value_that_others_read_too_is_not_scaled()
    {
        string path = Network(isReadElsewhere: true).Save(_folder.PathTo("model.onnx"));

        FloatModel model = FloatModel.Load(path, Options(WeightMethod.Awq, 4).ToRecipe(), null);
        QuantizationPlan plan = Options(WeightMethod.Awq, 4).ToRecipe().Plan(model, null);

        ScaleFold.Find(model, plan, BlockRounding.IsScaled).Select(fold => fold.Value).Should().Equal("h");
        ScaleFold.Find(model, plan, BlockRounding.IsScaled)[0].Product!.Node.Should().Be("a-node");
        ModelProto written = Quantize(path, WeightMethod.Awq, 4);
        written.Graph.Initializer.Where(tensor => tensor.Dims is [Width]).Single().ReadFloats().Should()
            .Equal(model.Model.Graph.Initializer.Single(tensor => tensor.Name == "gain").ReadFloats());
        Noise(Quantize(path, WeightMethod.Awq, 8), ModelFile.Load(path).Model).Should().BeLessThan(0.01);
    }

    [Fact]
    public void A_language_model_is_better_for_it()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx");
        SampleList samples = new([.. new SampleFolder(SharedFolder.Models("stories260K", "calibrate")).Take(16)]);

        double awq = Stories.Perplexity(
            WeightQuantizer.Quantize(
            path, samples, _folder.PathTo("awq.onnx"), new WeightOnlyOptions { Bits = 4, Method = WeightMethod.Awq }).OutputPath);

        awq.Should().BeLessThan(
            0.99 * Stories.Perplexity(
            WeightQuantizer.Quantize(
            path, samples, _folder.PathTo("weighted.onnx"),
            new WeightOnlyOptions { Bits = 4, Method = WeightMethod.Weighted }).OutputPath));
    }

    /// <summary>A constant factor, two products of its result, their product element by element, and another product.</summary>
    private static ModelBuilder Network(bool isReadElsewhere)
    {
        float[] gain = RandomTensors.Normal(5, Width);
        for (int i = 0; i < Width; i += 9)
        {
            gain[i] *= 12; // inputs that stand out
        }

        ModelBuilder model = new ModelBuilder().Input("x", -1, Width).Constant("gain", gain, Width)
            .Constant("v", RandomTensors.Normal(1, Width * Width, 0.1), Width, Width)
                .Constant("w", RandomTensors.Normal(2, Width * Width, 0.1), Width, Width)
                .Constant("u", RandomTensors.Normal(3, Width * Width, 0.1), Width, Width)
            .Node("Mul", ["x", "gain"], "m").Node("MatMul", ["m", "v"], "a").Node("MatMul", ["m", "w"], "b").Node("Mul", ["a", "b"], "h")
                .Node("MatMul", ["h", "u"], "y").Output("y", -1, Width);
        return isReadElsewhere ? model.Node("Relu", ["m"], "r").Output("r", -1, Width) : model;
    }

    private static WeightOnlyOptions Options(WeightMethod method, int bits) =>
        new() { Bits = bits, BlockSize = 32, AccuracyLevel = 0, Method = method };

    private static double Noise(ModelProto actual, ModelProto expected)
    {
        float[] x = RandomTensors.Normal(9, 16 * Width), a = ModelRun.Floats(actual, x, 16, Width)[0],
            e = ModelRun.Floats(expected, x, 16, Width)[0];
        return Math.Sqrt(a.Zip(e, (one, other) => Math.Pow(one - other, 2)).Sum() / e.Sum(value => (double)value * value));
    }

    private ModelProto Quantize(string path, WeightMethod method, int bits)
    {
        SampleList samples = new(
            [.. Enumerable.Range(0, Samples)
            .Select(i => new ModelSample(
            $"sample {i}", SampleTensor.Create<float>("x", RandomTensors.Normal(100 + i, 8 * Width), 8, Width)))]);
        string output = _folder.PathTo("out.onnx");
        WeightQuantizer.Quantize(path, samples, output, Options(method, bits));
        return ModelFile.Load(output).Model;
    }
}
