namespace Quantization.Onnx;

/// <summary>The layers in the order in which one figure of one measure ranks them. Immutable.</summary>
/// <param name="Measure">The measure.</param>
/// <param name="Criterion">Its figure.</param>
/// <param name="Layers">The layers with their sensitivities, the most sensitive first; equal ones in the order in which they run.</param>
/// <param name="CorrelationWithMetric">
/// How well the order agrees with the metric's, by Spearman's rank correlation (equal values share the mean of their ranks), −1 … 1. The
/// metric is that of <see cref="SensitivityMeasure.OnlyThisLayer"/> where it was measured, else that of
/// <see cref="SensitivityMeasure.AllButThisLayer"/>. Null where neither was, or where all layers are equal by either figure.
/// </param>
public sealed record SensitivityRanking(
    SensitivityMeasure Measure, SensitivityCriterion Criterion, IReadOnlyList<RankedLayer> Layers, double? CorrelationWithMetric)
{
    /// <summary>The layers with their sensitivities, the most sensitive first; equal ones in the order in which they run.</summary>
    public IReadOnlyList<RankedLayer> Layers
    {
        get;
        init => field = ValueList<RankedLayer>.Of(value, nameof(Layers));
    } = ValueList<RankedLayer>.Of(Layers, nameof(Layers));
}
