using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Models;

/// <summary>Models that are too large to be in memory as a whole give the same bytes as others.</summary>
public sealed class LargeModelTests : IDisposable
{
    /// <summary>No model is small enough to be in memory.</summary>
    private const long Nothing = 0;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Weights_in_the_file_beside_it_and_in_memory_give_the_same_bytes()
    {
        ModelBuilder model = Network(side: 192);
        string inline = model.Save(_folder.PathTo("inline.onnx")), split = SaveSplit(model.Model);
        byte[] expected = Quantize(inline, ModelStore.LargestInMemory);

        Quantize(inline, Nothing).Should().Equal(expected);
        Quantize(split, Nothing).Should().Equal(expected);
    }

    [Fact]
    public void The_classifier_is_quantized_to_the_same_bytes_by_way_of_files()
    {
        FloatModel inMemory = StaticInt8Recipe.Load(FashionExample.ModelPath, null, TargetRuntime.OnnxRuntimeCpu);
        FloatModel inFiles = StaticInt8Recipe.Load(
            OnnxModel.FromFile(FashionExample.ModelPath, Nothing), null, TargetRuntime.OnnxRuntimeCpu, Nothing);

        inFiles.Model.ToByteArray().Should().Equal(inMemory.Model.ToByteArray());
        Write(inFiles, FashionExample.Calibration).Should().Equal(Write(inMemory, FashionExample.Calibration));
    }

    [Fact]
    public void Weights_are_read_when_they_are_quantized_and_not_before()
    {
        string path = Network(side: 192).Save(_folder.PathTo("model.onnx"));

        FloatModel model = StaticInt8Recipe.Load(OnnxModel.FromFile(path, Nothing), null, TargetRuntime.OnnxRuntimeCpu, Nothing);

        // The one of the Conv changes with the BatchNormalization behind it.
        foreach (string weight in (string[])["w0", "w1", "w2", "table"])
        {
            TensorBytes.AreInFile(Find(model.Model, weight).RawData).Should().BeTrue(weight);
        }
    }

    [Theory]
    [InlineData(GraphOptimizationLevel.ORT_ENABLE_BASIC)]
    [InlineData(GraphOptimizationLevel.ORT_ENABLE_EXTENDED)]
    public void ONNX_Runtime_makes_the_same_of_a_model_in_memory_and_in_files(GraphOptimizationLevel level)
    {
        ModelProto model = Network(side: 192).Model;
        ModelProto expected = OptimizedGraph.Of("model.onnx", model, level, null);

        ModelProto actual = OptimizedGraph.Of("model.onnx", model, level, null, Nothing);

        actual.Graph.Node.Should().Equal(expected.Graph.Node);
        Sort(actual).Should().Equal(Sort(expected));
    }

    [Fact]
    public void Tensors_that_ONNX_Runtime_has_to_write_are_the_same()
    {
        ModelProto model = Network(side: 192).Model;
        ModelProto expected = OptimizedGraph.Of("model.onnx", model, GraphOptimizationLevel.ORT_ENABLE_BASIC, null);

        ModelProto actual = OptimizedGraph.Of(
            "model.onnx", model, GraphOptimizationLevel.ORT_ENABLE_BASIC, null, Nothing, writesTensors: true);

        actual.Graph.Node.Should().Equal(expected.Graph.Node);
        Contents(actual).Should().Equal(Contents(expected));

        // ONNX Runtime adds an empty description.
        static IEnumerable<(string Name, ByteString Data)> Contents(ModelProto model) =>
            Sort(model).Select(tensor => (tensor.Name, tensor.RawData));
    }

    [Fact]
    public void Weights_that_ONNX_Runtime_leaves_as_they_are_come_back_as_the_models_own()
    {
        ModelProto model = Network(side: 192).Model;

        ModelProto optimized = OptimizedGraph.Of("model.onnx", model, GraphOptimizationLevel.ORT_ENABLE_BASIC, null, Nothing);

        Find(optimized, "w1").RawData.Should().BeSameAs(Find(model, "w1").RawData);
    }

    [Fact]
    public void A_model_of_140_MB_gives_the_same_bytes_and_scores_wherever_its_weights_lie()
    {
        ModelBuilder model = Chain(layers: 2, side: 4192);
        string inline = model.Save(_folder.PathTo("inline.onnx")), split = SaveSplit(model.Model);
        SampleList samples = RandomTensors.Samples(2, 1, 4192);

        PtqResult ofInline = PostTrainingQuantizer.Quantize(inline, samples, _folder.PathTo("a.onnx"), new PtqOptions { LatencyRuns = 0 });
        PtqResult ofSplit = PostTrainingQuantizer.Quantize(split, samples, _folder.PathTo("b.onnx"), new PtqOptions { LatencyRuns = 0 });

        ofInline.ModelBytes.Should().BeGreaterThan(ModelStore.LargestInMemory);
        File.ReadAllBytes(ofInline.OutputPath).AsSpan().SequenceEqual(File.ReadAllBytes(ofSplit.OutputPath)).Should().BeTrue();
        EvaluationResult scores = ModelEvaluator.Evaluate(inline, [split, ofSplit.OutputPath], samples);
        scores.Candidates[0].SignalToNoise.Should().Be(double.PositiveInfinity);
        scores.Candidates[1].SignalToNoise.Should().BeGreaterThan(30);
    }

    [Fact]
    public void Data_behind_a_link_is_evaluated_though_ONNX_Runtime_may_not_follow_it()
    {
        ModelBuilder model = Chain(layers: 2, side: 4192);
        string split = SaveSplit(model.Model);
        Directory.CreateDirectory(_folder.PathTo("data"));
        File.Move(_folder.PathTo("split.data"), _folder.PathTo("data/weights"));
        File.CreateSymbolicLink(_folder.PathTo("split.data"), Path.Combine("data", "weights"));

        EvaluationResult scores = ModelEvaluator.Evaluate(split, [split], RandomTensors.Samples(1, 1, 4192));

        scores.Candidates[0].SignalToNoise.Should().Be(double.PositiveInfinity);
    }

    private static IEnumerable<TensorProto> Sort(ModelProto model) =>
        model.Graph.Initializer.OrderBy(tensor => tensor.Name, StringComparer.Ordinal);

    private static TensorProto Find(ModelProto model, string name) => model.Graph.Initializer.Single(tensor => tensor.Name == name);

    private byte[] Quantize(string path, long largestInMemory)
    {
        FloatModel model = StaticInt8Recipe.Load(
            OnnxModel.FromFile(path, largestInMemory), null, TargetRuntime.OnnxRuntimeCpu, largestInMemory);
        SampleList samples = RandomTensors.Samples(2, 1, 192);
        return Write(model, CalibrationRun.Run(model, samples, new CalibrationOptions(), null, CancellationToken.None));
    }

    private byte[] Write(FloatModel model, ModelCalibration calibration)
    {
        PtqOptions options = new();
        QuantizationPlan plan = new ActivationRanges(model.File.Path, calibration)
            .Resolve(new StaticInt8Recipe(options).Plan(model, calibration));
        string path = _folder.PathTo("out.onnx");
        using (AtomicFile output = AtomicFile.Create(path))
        {
            ModelStore.Commit(output, path, PlanLowering.Write(model, plan, new WeightRanges()), options.MaxFileBytes);
        }

        return File.ReadAllBytes(path);
    }

    /// <summary>MatMuls, a Conv with BatchNormalization, and a product with three axes, which stays in float.</summary>
    private static ModelBuilder Network(int side) => Chain(2, side, output: "h")
        .Constant("w2", RandomTensors.Normal(7, side * side, 1 / Math.Sqrt(side)), side, side)
        .Integers("shape", 1, side, 1, 1)
        .Constant("k", RandomTensors.Normal(8, side * side, 1 / Math.Sqrt(side)), side, side, 1, 1)
        .Constant("scale", RandomTensors.Normal(9, side), side)
        .Constant("shift", RandomTensors.Normal(10, side), side)
        .Constant("mean", RandomTensors.Normal(11, side), side)
        .Constant("variance", [.. RandomTensors.Normal(12, side).Select(value => value * value + 0.1f)], side)
        .Node("MatMul", ["h", "w2"], "i")
        .Node("Reshape", ["i", "shape"], "j")
        .Node("Conv", ["j", "k"], "c")
        .Node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], "n")
        .Node("Flatten", ["n"], "f")
        .Constant("table", RandomTensors.Normal(13, side * side), 1, side, side)
        .Node("MatMul", ["f", "table"], "y")
        .Output("y", 1, 1, side);

    private static ModelBuilder Chain(int layers, int side, string output = "y")
    {
        ModelBuilder model = new ModelBuilder().Input("x", 1, side);
        for (int i = 0; i < layers; i++)
        {
            model.Constant($"w{i}", MakeWeights(i, side), side, side)
                .Node("MatMul", [i == 0 ? "x" : $"x{i}", $"w{i}"], i == layers - 1 ? output : $"x{i + 1}");
        }

        return output == "y" ? model.Output("y", 1, side) : model;
    }

    private static float[] MakeWeights(int seed, int side)
    {
        Random random = new(seed);
        float[] weights = new float[side * side];
        foreach (ref float weight in weights.AsSpan())
        {
            weight = (random.NextSingle() - 0.5f) * MathF.Sqrt(12f / side);
        }

        return weights;
    }

    private string SaveSplit(ModelProto model)
    {
        using FileStream data = File.Create(_folder.PathTo("split.data"));
        return _folder.Write("split.onnx", ModelStore.MoveTensors(model, "split.data", data).ToByteArray());
    }
}
