namespace Quantization.Onnx.Tests.RealModels;

/// <summary>The recognizer of text lines: per-channel int8 keeps its reading, and what a naive writer loses.</summary>
public sealed class RecognizerTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Int8_reads_lines_that_calibration_has_not_seen()
    {
        TextLine[] lines = TextLine.Render(seed: 2, count: 60);
        SampleList samples = new([.. TextLine.Render(seed: 1, count: 40).Select(line => line.ToSample())]);
        string int8 = _folder.PathTo("rec.int8.onnx");

        PtqResult result = PostTrainingQuantizer.Quantize(OcrModels.Recognizer, samples, int8);

        using Recognizer original = new(OcrModels.Recognizer);
        using Recognizer quantized = new(int8);
        double before = original.ErrorRate(lines), after = quantized.ErrorRate(lines);
        output.WriteLine($"CER {before:0.0000} -> {after:0.0000}, size {result.OutputBytes / (double)result.ModelBytes:0.000}, int8 "
            + $"{string.Join(", ", result.Int8Operators)}, conversions {result.Conversions}");
        output.WriteLine($"float: {string.Join(", ", result.FloatNodes)}");
        before.Should().BeLessThan(0.03);
        after.Should().BeLessThan(0.055);
        result.OutputBytes.Should().BeLessThan(result.ModelBytes * 30 / 100);
    }
}
