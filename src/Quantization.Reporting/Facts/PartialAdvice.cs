using System.Globalization;

namespace Quantization.Reporting;

/// <summary>Says in plain words what partial quantization reached, and what to try next.</summary>
internal static class PartialAdvice
{
    /// <summary>Whether the target was met, and what was done for it.</summary>
    public static IEnumerable<string> Of(QuantizationReport report, ReportPartial partial)
    {
        if (!partial.IsTargetMet || partial.IsLimitReached)
        {
            yield return partial.Reason;
        }

        int inFloat = partial.Written.FloatLayers.Count;
        int relieved = partial.Layers.Count(layer => layer.State == ReportLayerState.Relieved);
        string allInt8 = $"With all {Figure.Count(partial.Layers.Count)} layers in int8, {report.Metric} is {Figure.Metric(partial.AllInt8.Score, report.Unit)}";
        string[] done =
        [
            .. inFloat > 0 ? (string[])[$"{Layers(inFloat)} left in float"] : [],
            .. relieved > 0 ? (string[])[$"{Layers(relieved)} made more exact on integers"] : [],
        ];
        yield return done.Length == 0
            ? $"{allInt8}, and that is the model that was written."
            : $"{allInt8}. With {string.Join(" and ", done)} it is {Figure.Metric(partial.Written.Score, report.Unit)}, and {Figure.Percent(partial.Written.Int8Share)} of the compute stays on integers.";
        if (FindMostSensitive(partial) is { } worst)
        {
            yield return $"The most sensitive layer is {worst.Node} ({worst.Operator}), {State(worst)}.";
        }
    }

    /// <summary>What to try next.</summary>
    public static string Next(QuantizationReport report, ReportPartial partial)
    {
        if (!partial.IsTargetMet)
        {
            return string.Join(' ', ReportAdvice.ForAllLayers(report).Prepend("What to try next: allow a larger loss or more layers in float, or train with quantization in the loop (QAT)."));
        }

        ReportPartialPoint? better = partial.Curve.FirstOrDefault(point => point.FloatLayers.Count > partial.Written.FloatLayers.Count && point.Int8Share > 0 && IsBetter(report, point.Score, partial.Written.Score));
        return better is null
            ? "What to try next: nothing has to be. This model can be used as it is."
            : $"What to try next: nothing has to be. To lose less, ask for a smaller loss: {Layers(better.FloatLayers.Count)} in float would make {report.Metric} {Figure.Metric(better.Score, report.Unit)}.";
    }

    /// <summary>How a layer was left, in words.</summary>
    public static string State(ReportPartialLayer layer) => layer.State switch
    {
        ReportLayerState.Float => "left in float",
        ReportLayerState.Relieved => $"in int8 with {string.Join(", ", layer.Steps)}",
        _ => "in int8",
    };

    private static ReportPartialLayer? FindMostSensitive(ReportPartial partial)
    {
        ReportRanking? used = partial.Rankings.FirstOrDefault(ranking => ranking.IsUsed);
        return partial.Layers.FirstOrDefault(layer => layer.Node == used?.MostSensitive);
    }

    private static bool IsBetter(QuantizationReport report, double score, double other) => report.LargerIsBetter ? score > other : score < other;

    private static string Layers(int count) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? "layer" : "layers")}");
}
