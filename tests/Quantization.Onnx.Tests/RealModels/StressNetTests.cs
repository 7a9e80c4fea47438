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
}
