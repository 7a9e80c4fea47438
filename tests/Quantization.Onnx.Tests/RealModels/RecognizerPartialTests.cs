namespace Quantization.Onnx.Tests.RealModels;

/// <summary>One scale for all weights of a layer makes the recognizer read nothing; a few layers in float make it read again.</summary>
public sealed class RecognizerPartialTests(ITestOutputHelper output) : IDisposable
{
    private const int WeightedNodes = 47;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_few_layers_in_float_make_a_model_read_that_reads_nothing()
    {
        string path = _folder.PathTo("rec.partial.onnx");
        string[] alphabet = OcrModels.Alphabet;
        ModelMetric errorRate = ModelMetric.Create(
            "character error rate",
            lines => Ctc.ErrorRate(
                lines.Select(line => (line.Sample.Name[1..^1], Ctc.Decode(line.GetValues(line.Names.First()), alphabet)))),
            largerIsBetter: false);
        PartialOptions options = new()
        {
            Target = PartialTarget.MaxLoss(0.05),
            Baseline = new PtqOptions
            {
                ActivationCalibrator = new MaxCalibrator(),
                WeightGranularity = GranularityKind.PerTensor,
                Refine = false
            },
            Metric = errorRate,
            Steps = [],
            Measure = SensitivityMeasure.EstimatedNoise,
            RankingSamples = 1,
        };

        PartialResult result = PartialQuantizer.Run(OcrModels.Recognizer, Lines(1, 12), Lines(3, 6), path, options);

        output.WriteLine($"{result.Reason} {result.ModelsRun} models, {result.Elapsed}");
        result.Quantized.Score.Score.Should().BeGreaterThan(0.9);
        result.IsTargetMet.Should().BeTrue();
        result.Written.FloatLayers.Should().HaveCountLessThanOrEqualTo(12);
        int integers =
            result.Model.Int8Operators.Where(each => each.Key is "QLinearConv" or "MatMulIntegerToFloat" or "QGemm" or "QLinearMatMul")
                .Sum(each => each.Value);
        integers.Should().Be(WeightedNodes - result.Written.FloatLayers.Count);
        TextLine[] unseen = TextLine.Render(seed: 2, count: 12);
        using Recognizer original = new(OcrModels.Recognizer), partial = new(path);
        double before = original.ErrorRate(unseen), after = partial.ErrorRate(unseen);
        output.WriteLine($"unseen lines {before} -> {after}");
        after.Should().BeLessThan(before + 0.1);
    }

    private static SampleList Lines(int seed, int count) => new([.. TextLine.Render(seed, count).Select(line => line.ToSample())]);
}
