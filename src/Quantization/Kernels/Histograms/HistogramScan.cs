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
                    (mins, maxs, magnitudes) = Fold(Vector.Load(source + i), mins, maxs, magnitudes);
                }

                FoldLanes(mins, maxs, magnitudes, ref min, ref max, ref magnitude);
            }

            for (; i < values.Length; i++)
            {
                Fold(source[i], source[i], BitConverter.SingleToInt32Bits(source[i]) & MagnitudeMask, ref min, ref max, ref magnitude);
            }
        }

        return Of(min, max, magnitude);
    }

    /// <summary>
    /// The scan of what <see cref="Fold(Vector{float}, Vector{float}, Vector{float}, Vector{int})"/> has gathered from the empty bounds and
    /// 0.
    /// </summary>
    public static HistogramScan Of(Vector<float> mins, Vector<float> maxs, Vector<int> magnitudes)
    {
        (float min, float max, int magnitude) = (float.PositiveInfinity, float.NegativeInfinity, 0);
        FoldLanes(mins, maxs, magnitudes, ref min, ref max, ref magnitude);
        return Of(min, max, magnitude);
    }

    /// <summary>Takes values into bounds and magnitude bits, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector<float> Mins, Vector<float> Maxs, Vector<int> Magnitudes) Fold(
        Vector<float> values, Vector<float> mins, Vector<float> maxs, Vector<int> magnitudes) =>
        (Vector.MinNative(values, mins), Vector.MaxNative(values, maxs), Vector.Max(
            magnitudes, values.As<float, int>() & Vector.Create(MagnitudeMask)));

    public HistogramScan And(HistogramScan other) => new(MathF.Min(Min, other.Min), MathF.Max(Max, other.Max), IsFinite && other.IsFinite);

    private static HistogramScan Of(float min, float max, int magnitude) => new(min + 0f, max + 0f, magnitude < InfinityBits);

    private static void FoldLanes(
        Vector<float> mins, Vector<float> maxs, Vector<int> magnitudes, ref float min, ref float max, ref int magnitude)
    {
        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            Fold(mins[lane], maxs[lane], magnitudes[lane], ref min, ref max, ref magnitude);
        }
    }

    private static void Fold(float lowest, float highest, int bits, ref float min, ref float max, ref int magnitude)
    {
        min = MathF.Min(min, lowest);
        max = MathF.Max(max, highest);
        magnitude = Math.Max(magnitude, bits);
    }
}
