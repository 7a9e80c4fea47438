namespace Quantization.Onnx.Tests.RealModels;

/// <summary>A model whose operators all lie in branches, with a recurrent network among them, comes through unharmed.</summary>
public sealed class SpeechDetectorTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Decisions_stay_as_they_were()
    {
        float[] sound = SpeechDetector.Synthesize(seed: 1, seconds: 20);
        string path = _folder.PathTo("vad.onnx");

        PtqResult result = PostTrainingQuantizer.Quantize(SpeechDetector.ModelPath, new SampleList([SpeechDetector.ToSample(sound, 0, new float[256])]), path);

        using SpeechDetector original = new(SpeechDetector.ModelPath);
        using SpeechDetector quantized = new(path);
        bool[] before = original.Decide(sound), after = quantized.Decide(sound);
        output.WriteLine($"{before.Length} frames, {before.Count(speech => speech)} of speech, {result.QuantizedNodes.Count} nodes quantized");
        before.Should().Contain(true).And.Contain(false);
        before.Zip(after).Count(frame => frame.First == frame.Second).Should().BeGreaterThanOrEqualTo(before.Length * 99 / 100);
        result.Warnings.Should().ContainSingle().Which.Code.Should().Be(AdviceCode.NothingToQuantize);
    }
}
