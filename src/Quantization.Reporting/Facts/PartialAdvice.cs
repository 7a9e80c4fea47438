using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Says what partial quantization reached, and what to try next.</summary>
internal static class PartialAdvice
{
    /// <summary>Whether the target was met, and what was done for it.</summary>
    public static IEnumerable<Advice> Of(QuantizationReport report, ReportPartial partial)
    {
        if (!partial.IsTargetMet || partial.IsLimitReached)
        {
            yield return partial.Reason;
        }

        if (report.Unit == MetricUnit.Share && partial.Reason.FindText("target") == nameof(PartialTargetKind.MaxLoss)
            && partial.Reason.Number("targetValue") is var loss && loss > 0 && loss * report.Data.ScoringSamples < 1)
        {
            yield return TargetAdvice.FinerThanSamples(loss, report.Data.ScoringSamples);
        }

        yield return OutcomeAdvice.Partial(
            partial.Layers.Count,
            report.Metric!,
            report.Unit,
            partial.AllInt8.Score,
            partial.Written.Score,
            partial.Written.FloatLayers.Count,
            partial.Layers.Count(layer => layer.State == ReportLayerState.Relieved),
            partial.FloatActivations.Count,
            partial.Written.Int8Share);
        if (FindMostSensitive(partial) is { } worst)
        {
            yield return OutcomeAdvice.MostSensitive(worst.Node, worst.Operator, worst.State == ReportLayerState.Float, worst.Steps);
        }
    }

    /// <summary>What to try next.</summary>
    public static Advice Next(QuantizationReport report, ReportPartial partial, PtqOptions options)
    {
        if (!partial.IsTargetMet)
        {
            return NextAdvice.MissedTarget(ReportAdvice.HasFewBits(options), ReportAdvice.IsPerTensor(options));
        }

        // A figure above the float model's is luck: more layers in float would not lose less.
        ReportPartialPoint? better = !IsBetter(report, report.Float.Score!.Value, partial.Written.Score)
            ? null
            : partial.Curve.FirstOrDefault(point =>
                point.FloatLayers.Count > partial.Written.FloatLayers.Count && point.Int8Share > 0
                && IsBetter(report, point.Score, partial.Written.Score));
        return better is null
            ? NextAdvice.Nothing()
            : NextAdvice.SmallerLoss(better.FloatLayers.Count, report.Metric!, report.Unit, better.Score);
    }

    private static ReportPartialLayer? FindMostSensitive(ReportPartial partial)
    {
        ReportRanking? used = partial.Rankings.FirstOrDefault(ranking => ranking.IsUsed);
        return partial.Layers.FirstOrDefault(layer => layer.Node == used?.MostSensitive);
    }

    private static bool IsBetter(QuantizationReport report, double score, double other) =>
        report.LargerIsBetter ? score > other : score < other;
}
