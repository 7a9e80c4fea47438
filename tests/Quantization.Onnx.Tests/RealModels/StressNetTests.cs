namespace Quantization.Onnx.Tests.RealModels;

/// <summary>The nets decide sensibly in float, and passes leave their decisions as they are.</summary>
public sealed class StressNetTests : IDisposable
{
    private const int Images = 1000, LargestFile = 400_000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(StressNets.DenseNet, 0.88)]
    [InlineData(StressNets.ByteNet, 0.80)]
    [InlineData(StressNets.MaxoutNet, 0.88)]
    public void They_know_most_images_before_and_after_the_passes(string name, double accuracy)
    {
        SampleList samples = StressNets.TestSamples(name, 0, Images);
        string path = StressNets.PathOf(name), passed = _folder.PathTo("passed.onnx");
        File.WriteAllBytes(passed, Google.Protobuf.MessageExtensions.ToByteArray(
            StaticInt8Recipe.Load(path, null, TargetRuntime.OnnxRuntimeCpu).Model));

        int[] decided = StressNets.Decide(path, samples);

        new FileInfo(path).Length.Should().BeLessThan(LargestFile);
        (decided.Zip(samples, (decision, sample) => decision == sample.Label).Count(right => right) / (double)Images).Should()
            .BeGreaterThan(accuracy);
        StressNets.Decide(passed, samples).Should().Equal(decided);
    }

    [Theory]
    [InlineData(StressNets.DenseNet, 0.985)]
    [InlineData(StressNets.ByteNet, 0.94)]
    [InlineData(StressNets.MaxoutNet, 0.93)]
    public void By_default_most_decisions_stay(string name, double agreement)
    {
        SampleList samples = StressNets.TestSamples(name, 0, Images);
        string quantized = _folder.PathTo("int8.onnx");
        PostTrainingQuantizer.Quantize(
            StressNets.PathOf(name), StressNets.TrainingSamples(name, 0, 200), quantized, new PtqOptions { LatencyRuns = 0 });

        int[] expected = StressNets.Decide(StressNets.PathOf(name), samples), actual = StressNets.Decide(quantized, samples);

        (expected.Zip(actual, (float32, int8) => float32 == int8).Count(same => same) / (double)Images).Should().BeGreaterThan(agreement);
    }
}
