namespace Quantization.Reporting;

/// <summary>A range that a calibrator would choose. Immutable.</summary>
/// <param name="Calibrator">The calibrator.</param>
/// <param name="Min">The lower end.</param>
/// <param name="Max">The upper end.</param>
public sealed record ReportRange(string Calibrator, float Min, float Max);
