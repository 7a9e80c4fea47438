using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Models;

/// <summary>
/// Weights in files beside the model: read, written where one file would be too large, and refused where they lie elsewhere.
/// </summary>
public sealed class ExternalDataTests : IDisposable
{
    private const string Data = "weights.bin";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_with_its_weights_beside_it_gives_the_same_output_as_in_one_file()
    {
        string whole = ModelBuilder.Linear().Save(_folder.PathTo("whole.onnx"));
        string split = SaveSplit(ModelBuilder.Linear());

        PtqResult expected = PostTrainingQuantizer.Quantize(whole, ModelBuilder.LinearSamples(), _folder.PathTo("a.onnx"));
        PtqResult actual = PostTrainingQuantizer.Quantize(split, ModelBuilder.LinearSamples(), _folder.PathTo("b.onnx"));

        File.ReadAllBytes(actual.OutputPath).Should().Equal(File.ReadAllBytes(expected.OutputPath));
        actual.ModelBytes.Should().Be(new FileInfo(split).Length + new FileInfo(_folder.PathTo(Data)).Length);
    }

    [Fact]
    public void Other_weights_in_the_same_place_make_another_model()
    {
        string split = SaveSplit(ModelBuilder.Linear());
        ModelCalibration calibration = ModelCalibrator.Calibrate(split, ModelBuilder.LinearSamples());
        byte[] data = File.ReadAllBytes(_folder.PathTo(Data));
        data[3] ^= 1;
        File.WriteAllBytes(_folder.PathTo(Data), data);

        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(split, calibration, _folder.PathTo("out.onnx"))).Should()
            .Throw<OnnxModelException>().WithMessage("*was made from another model*");
    }

    [Theory]
    [InlineData("../weights.bin")]
    [InlineData("inner/../../weights.bin")]
    [InlineData("/etc/hostname")]
    public void A_path_that_leaves_the_folder_is_refused(string location) =>
        Refused(tensor => Set(tensor, "location", location), $"tensor 'w' is said to lie in '{location}', outside of the model's folder, "
            + "which is not allowed; put the file beside the model and name it so.");

    [Fact]
    public void A_link_that_leaves_the_folder_is_refused()
    {
        using TemporaryFolder elsewhere = new();
        File.WriteAllBytes(elsewhere.PathTo("secret"), new byte[48]);
        File.CreateSymbolicLink(_folder.PathTo("link"), elsewhere.PathTo("secret"));
        Refused(tensor => Set(tensor, "location", "link"), "tensor 'w' is said to lie in 'link', outside of the model's folder, which is "
            + "not allowed; put the file beside the model and name it so.");
    }

    [Fact]
    public void No_location() => Refused(
        tensor => tensor.ExternalData.Clear(), "tensor 'w' is said to lie in another file, but not in which; export the model again.");

    [Fact]
    public void A_missing_file() =>
        Refused(tensor => Set(tensor, "location", "nowhere"), "tensor 'w' cannot be read: *nowhere*; put the file beside the model.");

    [Theory]
    [InlineData(
        "offset",
        "12",
        "tensor 'w' should be 48 bytes from 12 on in *weights.bin, which has only 48; the file is truncated, download it again.")]
    [InlineData(
        "offset", "9223372036854775807", "tensor 'w' should be 48 bytes from 9223372036854775807 on in *weights.bin, which has only 48; *")]
    [InlineData(
        "length", "9223372036854775807", "tensor 'w' should be 9223372036854775807 bytes from 0 on in *weights.bin, which has only 48; *")]
    [InlineData(
        "length",
        "-1",
        "tensor 'w' has '-1' as the length of its bytes in another file, which is no number of bytes; export the model again.")]
    [InlineData("length", "44", "tensor 'w' holds more or fewer values than its shape [4, 3] says; *")]
    public void Places_that_lie(string key, string value, string message) => Refused(tensor => Set(tensor, key, value), message);

    [Fact]
    public void An_output_above_the_limit_is_split_and_runs()
    {
        string output = _folder.PathTo("out.onnx"), whole = _folder.PathTo("whole.onnx");
        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, whole);

        PtqResult result = PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, output, new PtqOptions { MaxFileBytes = 20_000 });

        string data = _folder.Entries.Single(name => name.EndsWith(".data", StringComparison.Ordinal));
        data.Should().MatchRegex("^out\\.onnx\\.[0-9a-f]{8}\\.data$");
        result.OutputBytes.Should().Be(new FileInfo(output).Length + new FileInfo(_folder.PathTo(data)).Length);
        FashionExample.Logits(output, 20).Should().Equal(FashionExample.Logits(whole, 20));
        EvaluationResult scores = ModelEvaluator.Evaluate(whole, [output], FashionExample.TrainingImages(0, 4));
        scores.Candidates[0].SignalToNoise.Should().Be(double.PositiveInfinity);
    }

    [Fact]
    public void A_model_too_large_for_one_message_is_optimized_and_run_by_way_of_files()
    {
        ModelProto model = ModelFile.Load(FashionExample.ModelPath).Model;

        ModelProto small = OptimizedGraph.Of("model.onnx", model, Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_ENABLE_BASIC, null);
        ModelProto large = OptimizedGraph.Of(
            "model.onnx", model, Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_ENABLE_BASIC, null, largestInMemory: 10_000);

        large.Graph.Initializer.OrderBy(tensor => tensor.Name).Select(tensor => tensor.RawData).Should()
            .Equal(small.Graph.Initializer.OrderBy(tensor => tensor.Name).Select(tensor => tensor.RawData));
        large.Graph.Node.Count.Should().Be(small.Graph.Node.Count);
    }

    [Fact]
    public void The_size_of_a_model_above_2_GB_is_summed_without_overflow()
    {
        ByteString shared = UnsafeByteOperations.UnsafeWrap(new byte[1 << 20]);
        ModelProto model = new() { Graph = new GraphProto() };
        for (int i = 0; i < 5000; i++)
        {
            model.Graph.Initializer.Add(new TensorProto { RawData = shared });
        }

        ModelStore.SizeOf(model).Should().BeInRange(5000L << 20, (5000L << 20) + 5000 * 32);
    }

    private void Refused(Action<TensorProto> damage, string message)
    {
        string path = SaveSplit(ModelBuilder.Linear(), damage);
        string[] before = _folder.Entries;
        FluentActions.Invoking(
            () => PostTrainingQuantizer.Quantize(path, ModelBuilder.LinearSamples(), _folder.PathTo("out.onnx"))).Should()
            .Throw<OnnxModelException>().WithMessage($"{path}: {message}");
        _folder.Entries.Should().Equal(before);
    }

    private string SaveSplit(ModelBuilder model, Action<TensorProto>? change = null)
    {
        TensorProto weights = model.Graph.Initializer[0];
        File.WriteAllBytes(_folder.PathTo(Data), weights.RawData.ToByteArray());
        ExternalData.Refer(weights, Data, offset: 0);
        change?.Invoke(weights);
        return model.Save(_folder.PathTo("split.onnx"));
    }

    private static void Set(TensorProto tensor, string key, string value) =>
        tensor.ExternalData.Single(entry => entry.Key == key).Value = value;
}
