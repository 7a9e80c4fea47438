namespace Quantization;

/// <summary>The loops over elements behind <see cref="TensorStatistics"/>: one that looks for bounds and non-finite values, one that counts finite values into bins.</summary>
internal static class HistogramKernels
{
    /// <summary>Finds the bounds, and whether all values are finite.</summary>
    public static HistogramScan Scan(ReadOnlySpan<float> values)
    {
        float min = float.PositiveInfinity;
        float max = float.NegativeInfinity;
        bool finite = true;
        foreach (float value in values)
        {
            min = MathF.Min(min, value);
            max = MathF.Max(max, value);
            finite &= float.IsFinite(value);
        }

        return new HistogramScan(min + 0f, max + 0f, finite);
    }

    /// <summary>Counts finite values that fit: positive ones in <c>bins[i]</c>, negative ones in <c>bins[binsPerSign + i]</c>, i = floor(|x| / 2^exponent).</summary>
    /// <returns>The number of zeros, which are in no bin.</returns>
    public static long Count(ReadOnlySpan<float> values, int exponent, Span<long> bins)
    {
        int binsPerSign = bins.Length / 2;
        long zeros = 0;
        foreach (float value in values)
        {
            if (value == 0)
            {
                zeros++;
            }
            else
            {
                bins[BinLayout.IndexOf(MathF.Abs(value), exponent) + (value < 0 ? binsPerSign : 0)]++;
            }
        }

        return zeros;
    }
}
