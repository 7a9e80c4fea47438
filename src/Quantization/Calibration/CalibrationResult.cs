namespace Quantization;

/// <summary>The range that a calibrator chose, and how it decided.</summary>
/// <param name="Calibrator">The name of the strategy.</param>
/// <param name="Range">The chosen range; it contains 0.</param>
/// <param name="Candidates">How many ranges were compared; 1 where the strategy computes its answer.</param>
/// <param name="ClippedShare">The share of observed values outside the range, 0 … 1.</param>
/// <param name="Loss">
/// What the strategy minimized, at the chosen range (nats for Entropy, mean squared error for MSE); NaN where it minimizes nothing.
/// </param>
/// <param name="Note">Null, or why the search could not tell candidates apart: one candidate, all zeros, a constant.</param>
public sealed record CalibrationResult(
    string Calibrator, ValueRange Range, long Candidates, double ClippedShare, double Loss, string? Note);
