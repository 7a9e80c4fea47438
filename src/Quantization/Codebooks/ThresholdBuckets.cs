using System.Numerics;

namespace Quantization.Codebooks;

/// <summary>
/// Cuts the real line into 31 intervals of equal length, so that each holds at most one threshold. A multiplication and a rounding then
/// find a value's interval, and one comparison its cell. Thresholds of normal-float, uniform, FP4 and most learned codebooks of 16 levels
/// can be told apart so; those of logarithmic ones cannot.
/// </summary>
/// <remarks>
/// The number of a bucket is <c>round(clamp(slope / scale · value − offset, ±15.49))</c>, and its low five bits are the index of its
/// threshold. Rounding moves buckets' ends by less than 2⁻¹² of their length, and thresholds keep <see cref="Margin"/> from them, so a
/// threshold lies in the same bucket for every scale.
/// </remarks>
internal sealed class ThresholdBuckets
{
    /// <summary>The thresholds that five bits of index can hold; the one of −16 is never taken.</summary>
    public const int TableLength = 32;

    /// <summary>What rounds to the outermost buckets, −15 and 15.</summary>
    public const float Outermost = 15.49f;

    private const int Buckets = 31;

    /// <summary>How far thresholds stay from the ends of their buckets, in lengths of a bucket.</summary>
    private const double Margin = 1 / 256.0;

    /// <summary>The largest <see cref="Offset"/>: the rounding of products that it is subtracted from stays far below the margin.</summary>
    private const double LargestOffset = 256;

    /// <summary>Slopes outside would narrow the scales for which quotients of the two are ordinary numbers.</summary>
    private const double SmallestSlope = 1 / 1073741824.0;

    private ThresholdBuckets(float slope, float offset, double[] boundaries, byte[] codes)
    {
        Slope = slope;
        Offset = offset;
        Boundaries = boundaries;
        Codes = codes;
    }

    /// <summary>Buckets per unit of <c>value / scale</c>.</summary>
    public float Slope { get; }

    /// <summary>What lies in the middle of the bucket with number 0.</summary>
    public float Offset { get; }

    /// <summary>The <see cref="ThresholdBoundary"/> of each index; 0 where a bucket has no threshold.</summary>
    public double[] Boundaries { get; }

    /// <summary>
    /// The codes by index for values that reach the threshold; then, from <see cref="TableLength"/> on, for those below it.
    /// </summary>
    public byte[] Codes { get; }

    /// <summary>The buckets for thresholds, or null where no equal lengths tell them apart.</summary>
    /// <param name="thresholds">Finite, ascending in total order.</param>
    /// <param name="codes">The code of each cell; one more than thresholds.</param>
    public static ThresholdBuckets? Create(ReadOnlySpan<float> thresholds, ReadOnlySpan<byte> codes)
    {
        if (thresholds.Length > Buckets)
        {
            return null;
        }

        const double StepsPerBucket = 16;
        double first = thresholds[0];
        double length = thresholds[^1] - first;
        double magnitude = Math.Max(Math.Abs(first), Math.Abs(thresholds[^1]));
        for (double span = Buckets - 2 * Margin; span >= thresholds.Length - 1; span -= 1 / StepsPerBucket)
        {
            // A single threshold, or several that are nearly one, may lie anywhere.
            float slope = (float)(length > 0 ? span / length : magnitude > 0 ? 1 / magnitude : 1);
            if (!(slope is >= (float)SmallestSlope and <= (float)(1 / SmallestSlope)))
            {
                continue;
            }

            for (double start = -0.5 * Buckets + Margin; start <= 0.5 * Buckets - Margin - slope * length; start += 1 / StepsPerBucket)
            {
                float offset = (float)(slope * first - start);
                if (Math.Abs(offset) <= LargestOffset && TryAssign(thresholds, slope, offset, out int[] buckets))
                {
                    return new ThresholdBuckets(slope, offset, BoundariesOf(thresholds, buckets), CodesOf(codes, buckets));
                }
            }
        }

        return null;
    }

    /// <summary>Finds the bucket of each threshold; false where two share one or one is too close to an end.</summary>
    private static bool TryAssign(ReadOnlySpan<float> thresholds, float slope, float offset, out int[] buckets)
    {
        buckets = new int[thresholds.Length];
        for (int i = 0; i < buckets.Length; i++)
        {
            double place = (double)slope * thresholds[i] - offset;
            buckets[i] = (int)Math.Round(place);
            if (Math.Abs(place - buckets[i]) > 0.5 - Margin
                || Math.Abs(buckets[i]) > Buckets / 2
                || (i > 0 && buckets[i] == buckets[i - 1]))
            {
                return false;
            }
        }

        return true;
    }

    private static double[] BoundariesOf(ReadOnlySpan<float> thresholds, int[] buckets)
    {
        double[] boundaries = new double[TableLength];
        for (int i = 0; i < buckets.Length; i++)
        {
            boundaries[buckets[i] & (TableLength - 1)] = ThresholdBoundary.Of(thresholds[i]);
        }

        return boundaries;
    }

    private static byte[] CodesOf(ReadOnlySpan<byte> codes, int[] buckets)
    {
        byte[] table = new byte[2 * TableLength];
        int cell = 0;
        for (int bucket = -Buckets / 2; bucket <= Buckets / 2; bucket++)
        {
            int index = bucket & (TableLength - 1);
            table[TableLength + index] = codes[cell];
            cell += cell < buckets.Length && buckets[cell] == bucket ? 1 : 0;
            table[index] = codes[cell];
        }

        return table;
    }
}
