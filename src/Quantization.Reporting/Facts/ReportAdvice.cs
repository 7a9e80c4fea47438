using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Says what came out, which layer loses most and what to try next.</summary>
internal static class ReportAdvice
{
    /// <summary>A layer that makes this share of the noise is worth keeping in float by itself.</summary>
    private const double OutstandingShare = 0.25;

    private const int FewSamples = 100;

    /// <summary>The report with its verdict and its advice: doubts about the data first, then what came out, then what to do.</summary>
    /// <param name="report">The facts.</param>
    /// <param name="options">How the model was quantized.</param>
    /// <param name="half">The 16-bit floats that it was converted to; null where it was quantized.</param>
    public static QuantizationReport Complete(QuantizationReport report, PtqOptions options, HalfFormat? half = null)
    {
        Advice[] doubts = [.. DataDoubts.Of(report.Data.Classes, report.Float.Top1, report.Data.Preprocessing)];
        report = report with { Verdict = ReportJudge.Judge(report, doubts.Length > 0) };
        return report with { Advice = [.. report.QuantizedNodes.Count == 0 ? [] : doubts.Concat(Of(report, options, half))] };
    }

    private static IEnumerable<Advice> Of(QuantizationReport report, PtqOptions options, HalfFormat? half)
    {
        bool isDoubtful = report.Verdict == ReportVerdict.Doubtful;
        Advice? outcome = isDoubtful ? null : Outcome(report, half); // what is lost cannot be told where the data do not fit
        IEnumerable<Advice?> advice = report switch
        {
            { Partial: { } partial } =>
            [
                outcome,
                .. PartialAdvice.Of(report, partial),
                Cost(report),
                isDoubtful ? CheckData(report) : PartialAdvice.Next(report, partial, options),
                Data(report),
            ],
            _ when half is not null =>
            [
                outcome,
                Cost(report),
                Next(report, options, half),
                Float(report, half),
                SameSamples(report),
                report.Data.CalibrationSamples > 0 ? Data(report) : null, // without samples, a warning says so where it matters
            ],
            _ =>
            [
                outcome,
                Cost(report),
                .. Search(report),
                Worst(report),
                Next(report, options, null),
                Float(report, null),
                SameSamples(report),
                Data(report),
            ],
        };
        return advice.OfType<Advice>();
    }

    /// <summary>Whether weights have fewer bits than they could have.</summary>
    public static bool HasFewBits(PtqOptions options) => options.WeightFormat.MaxCode < sbyte.MaxValue;

    /// <summary>Whether weights have one scale per tensor.</summary>
    public static bool IsPerTensor(PtqOptions options) => options.WeightGranularity == GranularityKind.PerTensor;

    private static Advice Outcome(QuantizationReport report, HalfFormat? half) => report switch
    {
        { Float.Top1: { } before, Quantized.Top1: { } after } => OutcomeAdvice.Accuracy(
            report.Data.LabelledSamples,
            before,
            after,
            report.Quantized.Agreement,
            ReportJudge.Judge(JudgedFigures.Of(report)) == ReportVerdict.Good,
            half),
        { Quantized.SignalToNoise: { } ratio } =>
            OutcomeAdvice.Noise(
                ratio, report.Quantized.Agreement, report.Data.ScoringSamples is > 0 and { } samples ? samples : null, half),
        _ => OutcomeAdvice.NothingMeasured(),
    };

    private static Advice Cost(QuantizationReport report) => OutcomeAdvice.Cost(
        (double)report.Quantized.Bytes!.Value / report.Float.Bytes!.Value,
        report.Quantized.MedianMilliseconds / report.Float.MedianMilliseconds,
        report.Warnings.Any(warning => warning.Code == AdviceCode.LatencyDisturbed));

    private static Advice? SameSamples(QuantizationReport report) =>
        report.Reason is null && report.Data is { Sets: SampleSets.Shared, ScoringSamples: > 0 and var samples }
            ? DataAdvice.SameSamples(samples)
            : null;

    private static Advice CheckData(QuantizationReport report) => DataAdvice.CheckData(report.Data.LabelledSamples > 0);

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

    private static Advice? Next(QuantizationReport report, PtqOptions options, HalfFormat? half) =>
        (report.Verdict, FindWorst(report)) switch
        {
            (ReportVerdict.Doubtful, _) => CheckData(report),
            (ReportVerdict.Good, _) => NextAdvice.Nothing(),
            (ReportVerdict.Unclear, _) => DataAdvice.MoreSamples(
                report.Data.ScoringSamples, ReportJudge.WantedSamples(report), report.Data.LabelledSamples > 0),
            (ReportVerdict.NotMeasured, _) => null,
            _ when half is not null => NextAdvice.CompareModels(),
            (_, null) => report.IsStaticInt8 ? NextAdvice.Partial() : NextAdvice.CompareModels(),
            (_, { NoiseShare: >= OutstandingShare } worst) => NextAdvice.LeaveInFloat(worst.Node),
            _ => NextAdvice.ManyLayers(HasFewBits(options), IsPerTensor(options)),
        };

    private static Advice? Float(QuantizationReport report, HalfFormat? half) =>
        report.FloatNodes.Count == 0 ? null : OutcomeAdvice.FloatNodes(report.FloatNodes.Count, half);

    private static Advice? Data(QuantizationReport report) =>
        report.Data.CalibrationSamples is > 0 and < FewSamples ? OutcomeAdvice.FewSamples(report.Data.CalibrationSamples) : null;
}
