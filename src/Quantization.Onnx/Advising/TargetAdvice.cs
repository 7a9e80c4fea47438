using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Advice about what partial quantization reached.</summary>
internal static class TargetAdvice
{
    /// <summary>What was reached.</summary>
    /// <param name="target">What was to be reached.</param>
    /// <param name="isMet">Whether it was.</param>
    /// <param name="metric">The metric.</param>
    /// <param name="floatScore">What the float model scores.</param>
    /// <param name="written">The model that was written.</param>
    /// <param name="samples">How many samples scored.</param>
    /// <param name="layers">How many layers can be quantized.</param>
    /// <param name="maxFloatLayers">How many were allowed in float.</param>
    /// <param name="trialLimit">The limit of trials that ended the search; null where none did.</param>
    public static Advice Reached(
        PartialTarget target,
        bool isMet,
        ModelMetric metric,
        double floatScore,
        PartialPoint written,
        int samples,
        int layers,
        int maxFloatLayers,
        int? trialLimit)
    {
        bool isLatency = target.Kind == PartialTargetKind.MaxLatencyRatio;
        return new Advice(
            isLatency ? AdviceCode.BestWithinLatency : isMet ? AdviceCode.TargetMet : AdviceCode.TargetNotMet,
            ("target", target.Kind),
            ("targetValue", target.Value),
            ("metric", metric.Name),
            ("unit", metric.Unit),
            ("score", written.Score.Score),
            ("floatScore", floatScore),
            ("samples", samples),
            ("floatLayers", written.FloatLayers.Count),
            ("layers", layers),
            ("weightOnlyLayers", written.WeightOnlyLayers.Count == 0 ? null : written.WeightOnlyLayers.Count),
            ("floatActivations", written.FloatActivations.Count == 0 ? null : written.FloatActivations.Count),
            ("int8Share", written.Int8Share),
            ("latencyRatio", isLatency ? written.LatencyRatio : null),
            ("maxFloatLayers", isLatency || isMet || maxFloatLayers >= layers ? null : maxFloatLayers),
            ("trialLimit", trialLimit));
    }

    /// <summary>The float model's figure is infinite, so that there is no loss.</summary>
    public static Advice LossOfInfinite(string metric) => new(AdviceCode.LossOfInfiniteFigure, ("metric", metric));

    /// <summary>The float model itself misses the target.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="target">The figure to reach.</param>
    /// <param name="floatScore">The float model's figure.</param>
    public static Advice BeyondFloat(ModelMetric metric, double target, double floatScore) => new(
        AdviceCode.TargetBeyondFloat,
        ("metric", metric.Name),
        ("unit", metric.Unit),
        ("targetValue", target),
        ("floatScore", floatScore),
        ("meant", metric.Unit == MetricUnit.Share && target is > 1 and <= 100 ? target / 100 : null));

    /// <summary>Fewer samples score than the loss asks for.</summary>
    public static Advice FinerThanSamples(double loss, int samples) => new(
        AdviceCode.TargetFinerThanSamples, ("targetValue", loss), ("samples", samples), ("step", 1.0 / samples));

    /// <summary>The words; null for advice of another kind.</summary>
    public static AdviceText? Write(Advice advice, AdviceWords words) => advice.Code switch
    {
        AdviceCode.TargetMet => new AdviceText(
            $"The target of {Target(advice)} is met: {Figures(advice)}, {Layers(advice)}.", More(advice, words)),
        AdviceCode.TargetNotMet => new AdviceText(
            $"The target of {Target(advice)} was not met {Bound(advice)}. The best that was reached was written: {Figures(advice)}, "
                + $"{Layers(advice)}.",
            More(advice, words) ?? (advice.FindCount("maxFloatLayers") is null
                ? $"Ask for less ({words.Target})."
                : $"Allow more layers in float ({words.MaxFloatLayers}), or ask for less ({words.Target}).")),
        AdviceCode.BestWithinLatency => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The best that was found within {Target(advice)}: {Figures(advice)}, {Layers(advice)}, "
                    + $"{advice.FindNumber("latencyRatio"):0.00} times the int8 latency."),
            More(advice, words)),
        AdviceCode.TargetBeyondFloat => WriteBeyond(advice, advice.Choice<MetricUnit>("unit"), words),
        AdviceCode.TargetFinerThanSamples => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"A loss of {advice.Number("targetValue"):0.######} is less than one of the {advice.Count("samples")} scoring samples, "
                    + $"each of which counts "
                    + $"{advice.Number("step"):0.####}: the target asks for no loss at all on these samples, and "
                    + $"says little about others."),
            "Give more samples, or allow a larger loss."),
        AdviceCode.LossOfInfiniteFigure => new AdviceText(
            $"The float model's {advice.Text("metric")} is infinite, so every loss is infinite too;",
            $"give a figure to reach, such as {words.FigureToReach}, or a metric such as {words.FiniteMetric}."),
        _ => null,
    };

    private static AdviceText WriteBeyond(Advice advice, MetricUnit unit, AdviceWords words)
    {
        (double target, double score) = (advice.Number("targetValue"), advice.Number("floatScore"));
        string shown = unit == MetricUnit.Share
            ? string.Create(CultureInfo.InvariantCulture, $"{score:0.####}, {Figure.Percent(score)}")
            : Figure.Metric(score, unit);
        string fact = string.Create(
            CultureInfo.InvariantCulture,
            $"The target {target:0.######} cannot be met, because the float model itself has {advice.Text("metric")} {shown}, and "
                + $"quantization does not make it better.");
        string least = string.Create(CultureInfo.InvariantCulture, $"Ask for less ({words.Target}), or make the float model better first.");
        return new AdviceText(fact, advice.FindNumber("meant") is { } meant
            ? string.Create(CultureInfo.InvariantCulture, $"Did you mean {meant:0.######}? Shares go from 0 to 1. {least}")
            : least);
    }

    private static string Target(Advice advice) =>
        PartialTarget.Describe(advice.Choice<PartialTargetKind>("target"), advice.Number("targetValue"));

    private static string Figures(Advice advice)
    {
        MetricUnit unit = advice.FindText("unit") is null ? MetricUnit.None : advice.Choice<MetricUnit>("unit");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{advice.Text("metric")} {Figure.Metric(advice.Number("score"), unit)} on {advice.Count("samples")} samples, "
                + $"the float model's being "
                + $"{Figure.Metric(advice.Number("floatScore"), unit)}");
    }

    private static string Layers(Advice advice) => string.Create(
        CultureInfo.InvariantCulture,
        $"{advice.Count("floatLayers")} of {advice.Count("layers")} layers in float, "
            + $"{Finer(advice)}{Figure.Percent(advice.Number("int8Share"))} of the compute on "
            + $"integers");

    /// <summary>What was left in float that is less than a layer.</summary>
    private static string Finer(Advice advice) => string.Concat(
        advice.FindCount("weightOnlyLayers") is { } weightOnly
            ? string.Create(CultureInfo.InvariantCulture, $"{weightOnly} with int8 weights alone, ")
            : "",
        advice.FindCount("floatActivations") is { } activations ? $"{NextAdvice.Activations(activations)} in float, " : "");

    private static string Bound(Advice advice) => advice.FindCount("maxFloatLayers") is { } most
        ? string.Create(CultureInfo.InvariantCulture, $"with at most {most} layers in float")
        : "even with every layer in float";

    private static string? More(Advice advice, AdviceWords words) => advice.FindCount("trialLimit") is { } most
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"The search was stopped by the limit of {most} trials, {words.MaxTrials}; with more it may find a better set.")
        : null;
}
