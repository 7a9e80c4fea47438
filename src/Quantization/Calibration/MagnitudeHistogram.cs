namespace Quantization;

/// <summary>
/// The one-sided view of statistics: the magnitudes of the values that a range growing from 0 can reach, zeros left out (every scale
/// represents them exactly).
/// </summary>
internal sealed class MagnitudeHistogram
{
    private readonly bool _positive;
    private readonly bool _negative;

    private MagnitudeHistogram(TensorStatistics statistics, bool positive, bool negative)
    {
        _positive = positive;
        _negative = negative;
        Limit = MathF.Max(positive ? statistics.Max : 0, negative ? -statistics.Min : 0);
        Limit = MathF.Max(Limit, 0);
        Width = statistics.BinWidth;
        ZeroCount = statistics.ZeroCount;
        Counts = Limit == 0 ? [] : new long[BinLayout.IndexOf(Limit, statistics.BinWidthExponent) + 1];
        Total = ZeroCount;
        for (int i = 0; i < Counts.Length; i++)
        {
            Counts[i] = (positive ? statistics.PositiveBins[i] : 0) + (negative ? statistics.NegativeBins[i] : 0);
            Total += Counts[i];
        }
    }

    /// <summary>The counts of magnitudes above 0, bin by bin up to the bin of the largest.</summary>
    public long[] Counts { get; }

    public double Width { get; }

    public long ZeroCount { get; }

    /// <summary>All values of this view, zeros included.</summary>
    public long Total { get; }

    /// <summary>The largest magnitude observed: no range need reach further.</summary>
    public float Limit { get; }

    /// <summary>The view for a range that one threshold describes; null where the range has two ends to choose.</summary>
    public static MagnitudeHistogram? TryCreate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme)
    {
        if (scheme == QuantizationScheme.Symmetric)
        {
            return new MagnitudeHistogram(statistics, positive: true, negative: format.IsSigned);
        }

        bool positive = statistics.Max > 0;
        bool negative = statistics.Min < 0;
        return positive && negative ? null : new MagnitudeHistogram(statistics, positive, negative);
    }

    /// <summary>The upper edge of a bin, or the largest magnitude where that lies below.</summary>
    public float UpperEdge(int bin) => (float)Math.Min((bin + 1) * Width, Limit);

    /// <summary>The range that ends at a magnitude.</summary>
    public ValueRange RangeTo(float threshold) => new(_negative ? -threshold : 0, _positive ? threshold : 0);
}
