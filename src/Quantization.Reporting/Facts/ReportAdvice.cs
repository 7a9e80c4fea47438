using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Says what came out, which layer hurts most and what to try next.</summary>
internal static class ReportAdvice
{
    /// <summary>A loss that nobody notices: a tenth of a point.</summary>
    private const double NegligibleLoss = 0.001;

    /// <summary>Noise a thousandth of the signal hardly moves an answer.</summary>
    private const double NegligibleNoise = 30;

    /// <summary>A layer that makes this share of the noise is worth keeping in float by itself.</summary>
    private const double OutstandingShare = 0.25;

    private const int FewSamples = 100;

    /// <summary>The advice for a report.</summary>
    /// <param name="report">The facts.</param>
    /// <param name="options">How the model was quantized.</param>
    /// <param name="half">The 16-bit floats that it was converted to; null where it was quantized.</param>
    public static IReadOnlyList<Advice> Of(QuantizationReport report, PtqOptions options, HalfFormat? half = null)
    {
        IEnumerable<Advice?> advice = report switch
        {
            { Partial: { } partial } =>
            [
                Outcome(report, null),
                .. PartialAdvice.Of(report, partial),
                Cost(report),
                PartialAdvice.Next(report, partial, options),
                Data(report),
            ],
            { QuantizedNodes.Count: 0 } => [],
            _ when half is not null =>
            [
                Outcome(report, half),
                Cost(report),
                IsNegligible(report) ? NextAdvice.Nothing() : null,
                Float(report, half),
                report.Data.CalibrationSamples > 0 ? Data(report) : null, // without samples, a warning says so where it matters
            ],
            _ => [Outcome(report, null), Cost(report), .. Search(report), Worst(report), Next(report, options), Float(report, null), Data(report)],
        };
        return [.. advice.OfType<Advice>()];
    }

    /// <summary>Whether weights have fewer bits than they could have.</summary>
    public static bool HasFewBits(PtqOptions options) => options.WeightFormat.MaxCode < sbyte.MaxValue;

    /// <summary>Whether weights have one scale a tensor.</summary>
    public static bool IsPerTensor(PtqOptions options) => options.WeightGranularity == GranularityKind.PerTensor;

    private static Advice Outcome(QuantizationReport report, HalfFormat? half) => report switch
    {
        { Float.Top1: { } before, Quantized.Top1: { } after } =>
            OutcomeAdvice.Accuracy(report.Data.LabelledSamples, before, after, before - after <= NegligibleLoss, half),
        { Quantized.SignalToNoise: { } ratio } => OutcomeAdvice.Noise(ratio, report.Quantized.Agreement, half),
        _ => OutcomeAdvice.NothingMeasured(),
    };

    private static Advice Cost(QuantizationReport report) => OutcomeAdvice.Cost(
        (double)report.Quantized.Bytes!.Value / report.Float.Bytes!.Value,
        report.Quantized.MedianMilliseconds / report.Float.MedianMilliseconds);

    private static IEnumerable<Advice?> Search(QuantizationReport report)
    {
        if (report.Baseline is not { } baseline || report.Metric is null)
        {
            return [];
        }

        (double score, double plain) = (report.Quantized.Score!.Value, baseline.Score!.Value);
        string name = report.Trials.Single(trial => trial.IsBest).Name;
        double gain = report.LargerIsBetter ? score - plain : plain - score;
        Advice kept = OutcomeAdvice.Kept(report.Trials.Count, name, report.Metric, report.Unit, score, baseline.Name, plain, gain);
        return [kept, report.Reason];
    }

    private static ReportLayer? FindWorst(QuantizationReport report) =>
        report.Layers.Where(layer => layer.NoiseShare is not null).MaxBy(layer => layer.NoiseShare);

    private static Advice? Worst(QuantizationReport report) => FindWorst(report) is { } worst
        ? OutcomeAdvice.WorstLayer(worst.Node, worst.Operator, worst.NoiseShare!.Value, worst.OwnSignalToNoise!.Value)
        : null;

    private static bool IsNegligible(QuantizationReport report) => report is { Float.Top1: { } before, Quantized.Top1: { } after }
        ? before - after <= NegligibleLoss
        : report.Quantized.SignalToNoise >= NegligibleNoise;

    private static Advice? Next(QuantizationReport report, PtqOptions options)
    {
        return (IsNegligible(report), FindWorst(report)) switch
        {
            (true, _) => NextAdvice.Nothing(),
            (_, null) => report.Quantized.SignalToNoise is null ? null : NextAdvice.CompareLayers(),
            (_, { NoiseShare: >= OutstandingShare } worst) => NextAdvice.LeaveInFloat(worst.Node),
            _ => NextAdvice.ManyLayers(HasFewBits(options), IsPerTensor(options)),
        };
    }

    private static Advice? Float(QuantizationReport report, HalfFormat? half) =>
        report.FloatNodes.Count == 0 ? null : OutcomeAdvice.FloatNodes(report.FloatNodes.Count, half);

    private static Advice? Data(QuantizationReport report) =>
        report.Data.CalibrationSamples is > 0 and < FewSamples ? OutcomeAdvice.FewSamples(report.Data.CalibrationSamples) : null;
}
