namespace Quantization.Onnx.Tests.PartialQuantization;

/// <summary>
/// Partial quantization of the classifier that the tool ships, with weights of four bits per tensor, which lose too much.
/// </summary>
public sealed class FashionPartialTests(ITestOutputHelper output) : IDisposable
{
    private static readonly PtqOptions FourBits =
        new() { WeightFormat = CodeFormat.Signed(4), WeightGranularity = GranularityKind.PerTensor };

    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.PathTo("partial.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Four_bits_lose_at_most_a_point()
    {
        PartialOptions options =
            new() { Target = PartialTarget.MaxLoss(0.01), Baseline = FourBits, BatchSize = 100, RankingSamples = 50, Steps = [] };

        PartialResult result = PartialQuantizer.Run(
            FashionExample.ModelPath, FashionExample.TrainingImages(0, 100), FashionExample.TestImages(0, 300), Output, options);

        output.WriteLine(result.Reason.Message);
        output.WriteLine($"int8 {result.Quantized.Score.Score}, models {result.ModelsRun}, {result.Elapsed}");
        foreach (LayerChange change in result.Changes)
        {
            output.WriteLine($"{change.Node} {change.IsFloat} {string.Join(", ", change.Steps)}: {change.Reason}");
        }

        foreach (PartialPoint point in result.Curve)
        {
            output.WriteLine($"{point.FloatLayers.Count} {point.Score.Score} {point.Int8Share:0.000} {point.ModelBytes}");
        }

        result.IsTargetMet.Should().BeTrue();
        result.Written.Score.Top1.Should().BeGreaterThanOrEqualTo(result.FloatScore.Top1!.Value - 0.01);
        result.Written.ModelBytes.Should().Be(new FileInfo(Output).Length).And.Be(result.Model.OutputBytes);
    }
}
