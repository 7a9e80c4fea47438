namespace Quantization;

/// <summary>
/// Takes all that was observed: affine <c>[min(Min, 0), max(Max, 0)]</c>, symmetric <c>±max(|Min|, |Max|)</c>, symmetric without sign
/// <c>[0, max(Max, 0)]</c>. Nothing is clipped; one outlier stretches the steps of all other values.
/// </summary>
public sealed class MaxCalibrator : ICalibrator
{
    /// <inheritdoc/>
    public string Name => "Max";

    /// <summary>Whether <paramref name="obj"/> is such a calibrator too; there are no settings.</summary>
    public override bool Equals(object? obj) => obj is MaxCalibrator;

    /// <inheritdoc/>
    public override int GetHashCode() => typeof(MaxCalibrator).GetHashCode();

    /// <summary>The calibrator's name.</summary>
    public override string ToString() => Name;

    /// <inheritdoc/>
    public CalibrationResult Calibrate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme)
    {
        CalibrationGuard.ThrowUnlessPossible(statistics, format, scheme);
        ValueRange range = CalibrationGuard.FullRange(statistics, format, scheme);
        string? note = CalibrationGuard.UnreachableNote(statistics, format, scheme);
        return CalibrationGuard.TryConstant(Name, statistics, format, scheme, double.NaN)
            ?? CalibrationGuard.Result(Name, statistics, range, 1, double.NaN, note);
    }
}
