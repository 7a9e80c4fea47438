using System.Numerics;
using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>What one pass over values tells before any is binned. A bound that is 0 is stored as +0, whichever zeros were seen.</summary>
/// <param name="Min">The smallest value; +∞ where there is none.</param>
/// <param name="Max">The largest value; −∞ where there is none.</param>
/// <param name="IsFinite">Whether no value was NaN or infinite; if not, the bounds mean nothing.</param>
internal readonly record struct HistogramScan(float Min, float Max, bool IsFinite)
{
    /// <summary>The magnitude bits from which on a float is not finite.</summary>
    private const int InfinityBits = 0x7F800000;

    private const int MagnitudeMask = 0x7FFFFFFF;

    public static HistogramScan Empty { get; } = new(float.PositiveInfinity, float.NegativeInfinity, true);

    public float MaxMagnitude => Min > Max ? 0 : MathF.Max(MathF.Abs(Min), MathF.Abs(Max));

    /// <summary>Scans values. NaN and ±∞ are found as the largest magnitude bits, in integers, next to the bounds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe HistogramScan Of(ReadOnlySpan<float> values)
    {
        (float min, float max, int magnitude) = (float.PositiveInfinity, float.NegativeInfinity, 0);
        fixed (float* source = values)
        {
            int i = 0;
            if (Vector.IsHardwareAccelerated && values.Length >= Vector<float>.Count)
            {
                Vector<float> mins = Vector.Create(min);
                Vector<float> maxs = Vector.Create(max);
                Vector<int> magnitudes = Vector<int>.Zero;
                for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
                {
                    Vector<float> value = Vector.Load(source + i);
                    mins = Vector.MinNative(value, mins);
                    maxs = Vector.MaxNative(value, maxs);
                    magnitudes = Vector.Max(magnitudes, value.As<float, int>() & Vector.Create(MagnitudeMask));
                }

                for (int lane = 0; lane < Vector<float>.Count; lane++)
                {
                    Fold(mins[lane], maxs[lane], magnitudes[lane], ref min, ref max, ref magnitude);
                }
            }

            for (; i < values.Length; i++)
            {
                Fold(source[i], source[i], BitConverter.SingleToInt32Bits(source[i]) & MagnitudeMask, ref min, ref max, ref magnitude);
            }
        }

        return new HistogramScan(min + 0f, max + 0f, magnitude < InfinityBits);
    }

    public HistogramScan And(HistogramScan other) => new(MathF.Min(Min, other.Min), MathF.Max(Max, other.Max), IsFinite && other.IsFinite);

    private static void Fold(float lowest, float highest, int bits, ref float min, ref float max, ref int magnitude)
    {
        min = MathF.Min(min, lowest);
        max = MathF.Max(max, highest);
        magnitude = Math.Max(magnitude, bits);
    }
}
