using System.Globalization;

namespace Quantization.Reporting;

/// <summary>Says in plain words what came out, which layer hurts most and what to try next.</summary>
internal static class ReportAdvice
{
    /// <summary>A loss that nobody notices: a tenth of a point.</summary>
    private const double NegligibleLoss = 0.001;

    /// <summary>Noise a thousandth of the signal hardly moves an answer.</summary>
    private const double NegligibleNoise = 30;

    /// <summary>A layer that makes this share of the noise is worth keeping in float by itself.</summary>
    private const double OutstandingShare = 0.25;

    private const int FewSamples = 100;

    public static IReadOnlyList<string> Of(QuantizationReport report) => report switch
    {
        { Partial: { } partial } => [.. ((string?[])[Outcome(report), .. PartialAdvice.Of(report, partial), Cost(report), PartialAdvice.Next(report, partial), Data(report)]).OfType<string>()],
        { QuantizedNodes.Count: 0 } => [],
        _ => [.. new[] { Outcome(report), Cost(report), Search(report), Worst(report), Next(report), Float(report), Data(report) }.OfType<string>()],
    };

    /// <summary>What would lower the noise of all layers at once; empty where there is nothing.</summary>
    public static IEnumerable<string> ForAllLayers(QuantizationReport report)
    {
        if (!report.Settings["Weight codes"].Contains("127", StringComparison.Ordinal))
        {
            yield return "Weights of 8 bits instead of fewer would help most.";
        }

        if (report.Settings["Weight granularity"] == nameof(GranularityKind.PerTensor))
        {
            yield return "Weights with one scale a channel would help.";
        }
    }

    private static string Outcome(QuantizationReport report)
    {
        if (report is { Float.Top1: { } before, Quantized.Top1: { } after })
        {
            double loss = before - after;
            string verdict = loss <= NegligibleLoss ? "nothing that would be noticed is lost" : $"{Figure.Points(loss)} points are lost";
            return $"Of {Figure.Count(report.Data.LabelledSamples)} labelled samples the float model gets {Figure.Percent(before)} right, the int8 model {Figure.Percent(after)}: {verdict}.";
        }

        return report.Quantized.SignalToNoise is { } ratio
            ? $"The int8 model's outputs lie {Figure.Decibels(ratio)} above their quantization noise: {(ratio >= NegligibleNoise ? "very near to the float model's" : ratio >= 20 ? "near to the float model's" : "clearly different from the float model's")}{Agreement(report)}."
            : "Nothing was measured: give samples to score with, to see what quantization costs.";
    }

    private static string Agreement(QuantizationReport report) =>
        report.Quantized.Agreement is { } agreement ? $"; both prefer the same class {Figure.Percent(agreement)} of the time" : "";

    private static string Cost(QuantizationReport report)
    {
        string size = $"The file shrinks to {Figure.Ratio((double)report.Quantized.Bytes!.Value / report.Float.Bytes!.Value)} of its size";
        if (report is not { Float.MedianMilliseconds: { } before, Quantized.MedianMilliseconds: { } after })
        {
            return size + ".";
        }

        return after <= before
            ? $"{size}, and a run takes {Figure.Ratio(after / before)} of the time."
            : $"{size}, but a run takes {Figure.Ratio(after / before)} times as long.";
    }

    private static string? Search(QuantizationReport report)
    {
        if (report.Baseline is not { } baseline || report.Metric is null)
        {
            return null;
        }

        double margin = report.LargerIsBetter ? report.Quantized.Score!.Value - baseline.Score!.Value : baseline.Score!.Value - report.Quantized.Score!.Value;
        string gain = margin > 0
            ? $"That is {Figure.Margin(margin, report.Unit)} better than plain quantization ({baseline.Name}: {Figure.Metric(baseline.Score!.Value, report.Unit)})."
            : $"Plain quantization ({baseline.Name}) measures {Figure.Metric(baseline.Score!.Value, report.Unit)}.";
        return $"Of {report.Trials.Count} models tried, {report.Trials.Single(trial => trial.IsBest).Name} was kept with {report.Metric} {Figure.Metric(report.Quantized.Score!.Value, report.Unit)}. {gain} {report.Reason}";
    }

    private static ReportLayer? FindWorst(QuantizationReport report) => report.Layers.Where(layer => layer.NoiseShare is not null).MaxBy(layer => layer.NoiseShare);

    private static string? Worst(QuantizationReport report) => FindWorst(report) is { } worst
        ? $"The layer that hurts most is {worst.Node} ({worst.Operator}): it makes {Figure.Percent(worst.NoiseShare!.Value)} of the noise that the layers, each quantized alone, put on the outputs. With it alone in int8 the outputs lie {Figure.Decibels(worst.OwnSignalToNoise!.Value)} above their noise."
        : null;

    private static string? Next(QuantizationReport report)
    {
        bool lossIsNegligible = report is { Float.Top1: { } before, Quantized.Top1: { } after } ? before - after <= NegligibleLoss : report.Quantized.SignalToNoise >= NegligibleNoise;
        if (lossIsNegligible)
        {
            return "What to try next: nothing has to be. This model can be used as it is.";
        }

        if (FindWorst(report) is not { } worst)
        {
            return report.Quantized.SignalToNoise is null ? null : "What to try next: compare the layers, to see which one hurts most.";
        }

        if (worst.NoiseShare >= OutstandingShare)
        {
            return $"What to try next: leave {worst.Node} in float (PtqOptions.FloatNodes) and quantize again; as it makes so much of the noise by itself, that is the cheapest step. If that is not enough, go on with the next layer of the list below.";
        }

        string[] forAll = [.. ForAllLayers(report)];
        string otherwise = forAll.Length > 0 ? "Otherwise leave" : "Leave";
        return $"What to try next: the noise comes from many layers, none of them outstanding, so leaving single ones in float gains little.{string.Concat(forAll.Select(sentence => $" {sentence}"))} {otherwise} several of the worst layers in float, or train with quantization in the loop (QAT).";
    }

    private static string? Float(QuantizationReport report) => report.FloatNodes.Count == 0
        ? null
        : $"{report.FloatNodes.Count.ToString(CultureInfo.InvariantCulture)} {(report.FloatNodes.Count == 1 ? "node" : "nodes")} with weights {(report.FloatNodes.Count == 1 ? "stays" : "stay")} in float.";

    private static string? Data(QuantizationReport report) => report.Data.CalibrationSamples is > 0 and < FewSamples
        ? $"Only {Figure.Count(report.Data.CalibrationSamples)} samples calibrated; a few hundred like those that the model will meet give safer ranges."
        : null;
}
