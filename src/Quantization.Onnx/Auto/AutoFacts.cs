namespace Quantization.Onnx;

/// <summary>An <see cref="AutoResult"/> as JSON has it. Figures that are infinite are left out.</summary>
internal sealed record AutoFacts(
    int SchemaVersion,
    Advice Summary,
    QuantizationWay? Chosen,
    string? Metric,
    AutoBudgetFacts Budget,
    double? FloatScore,
    double FloatMilliseconds,
    long FloatBytes,
    long CalibrationSamples,
    int ScoringSamples,
    int LabelledSamples,
    IReadOnlyList<AutoCandidateFacts> Candidates)
{
    /// <summary>Grows where a property changes its meaning or disappears.</summary>
    private const int CurrentSchemaVersion = 1;

    /// <summary>The facts of a result.</summary>
    public static AutoFacts Of(AutoResult result) => new(
        CurrentSchemaVersion,
        result.Summary,
        result.Chosen?.Way,
        result.Metric?.Name,
        new AutoBudgetFacts(result.Budget.MaxLoss, result.Budget.MaxLatencyRatio, result.Budget.MaxSizeRatio, result.Budget.MaxBytes),
        Finite(result.FloatScore?.Score),
        result.FloatLatency.TotalMilliseconds,
        result.FloatBytes,
        result.CalibrationSamples,
        result.ScoringSamples,
        result.LabelledSamples,
        [
            .. result.Candidates.Select(each => new AutoCandidateFacts(
                each.Way,
                each.Verdict,
                each.Reason,
                Finite(each.Score?.Score),
                Finite(each.Loss),
                each.Score?.Top1,
                each.Score?.Agreement,
                Finite(each.Score?.SignalToNoise),
                each.Latency?.Quantized.TotalMilliseconds,
                each.Latency?.Ratio,
                each.Bytes,
                (double?)each.Bytes / result.FloatBytes,
                each.IsOnFront,
                each.Model?.QuantizedNodes.Count,
                each.Model?.FloatNodes.Count)),
        ]);

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
