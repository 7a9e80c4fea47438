namespace Quantization;

/// <summary>What one pass over values tells before any is binned. Zeros of either sign compare equal, so a bound that is 0 is stored as +0.</summary>
/// <param name="Min">The smallest value; +∞ where there is none.</param>
/// <param name="Max">The largest value; −∞ where there is none.</param>
/// <param name="IsFinite">Whether no value was NaN or infinite; if not, the bounds mean nothing.</param>
internal readonly record struct HistogramScan(float Min, float Max, bool IsFinite)
{
    public static HistogramScan Empty { get; } = new(float.PositiveInfinity, float.NegativeInfinity, true);

    public float MaxMagnitude => Min > Max ? 0 : MathF.Max(MathF.Abs(Min), MathF.Abs(Max));

    public HistogramScan And(HistogramScan other) => new(MathF.Min(Min, other.Min), MathF.Max(Max, other.Max), IsFinite && other.IsFinite);
}
