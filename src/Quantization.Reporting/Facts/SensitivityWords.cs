using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>How the page calls measures of sensitivity and their figures.</summary>
internal static class SensitivityWords
{
    public static string Of(SensitivityMeasure measure) => measure switch
    {
        SensitivityMeasure.EstimatedNoise => "estimated from statistics",
        SensitivityMeasure.OnlyThisLayer => "only this layer in int8",
        SensitivityMeasure.AllButThisLayer => "all but this layer in int8",
        SensitivityMeasure.OnlyWeights => "only its weights in int8",
        SensitivityMeasure.OnlyActivations => "only its activations in int8",
        _ => measure.ToString(),
    };

    public static string Of(SensitivityCriterion criterion, string metric) => criterion switch
    {
        SensitivityCriterion.NoiseToSignal => "noise to signal",
        SensitivityCriterion.Metric => metric,
        SensitivityCriterion.SignalToNoise => ModelMetric.SignalToNoise.Name,
        SensitivityCriterion.Cosine => ModelMetric.Cosine.Name,
        SensitivityCriterion.KullbackLeibler => ModelMetric.KullbackLeibler.Name,
        _ => criterion.ToString(),
    };

    /// <summary>What the numbers of a ranking are.</summary>
    public static string Unit(ReportRanking ranking, string metric) => (ranking.Measure, ranking.Criterion) switch
    {
        (SensitivityMeasure.EstimatedNoise, _) => "expected noise in the layer's result, as a share of the signal",
        (SensitivityMeasure.AllButThisLayer, SensitivityCriterion.SignalToNoise) =>
            "noise of the outputs that leaving the layer in float removes, as a share of the signal",
        (SensitivityMeasure.AllButThisLayer, _) => $"{Of(ranking.Criterion, metric)}: gained by leaving the layer in float",
        (_, SensitivityCriterion.SignalToNoise) => "noise of the outputs, as a share of the signal",
        _ => $"{Of(ranking.Criterion, metric)}: lost",
    };
}
