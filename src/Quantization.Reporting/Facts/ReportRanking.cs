using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>One way to rank the layers by sensitivity, and what it cost. Immutable.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Measure">The measure.</param>
/// <param name="Criterion">Its figure.</param>
/// <param name="MostSensitive">The layer that it puts first.</param>
/// <param name="CorrelationWithMetric">
/// How well its order agrees with the metric's, by Spearman's rank correlation; null where that cannot be told.
/// </param>
/// <param name="IsUsed">Whether the layers were left in float by this order.</param>
/// <param name="Models">The models that the measure ran; all figures of one measure come of the same.</param>
/// <param name="Resumed">The models whose scores an earlier run had left.</param>
/// <param name="Runs">The runs of a model on a sample.</param>
/// <param name="Milliseconds">The time that the measure took.</param>
public sealed record ReportRanking(
    string Name,
    SensitivityMeasure Measure,
    SensitivityCriterion Criterion,
    string MostSensitive,
    double? CorrelationWithMetric,
    bool IsUsed,
    int Models,
    int Resumed,
    long Runs,
    double Milliseconds);
