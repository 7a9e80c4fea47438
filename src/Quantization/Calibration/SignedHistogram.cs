namespace Quantization;

/// <summary>
/// The two-sided view of statistics that hold values of both signs: one row of bins from the smallest value to the largest, zeros left out
/// (affine codes represent them exactly).
/// </summary>
internal sealed class SignedHistogram
{
    private readonly TensorStatistics _statistics;

    public SignedHistogram(TensorStatistics statistics)
    {
        _statistics = statistics;
        Zero = BinLayout.IndexOf(-statistics.Min, statistics.BinWidthExponent) + 1;
        int positive = BinLayout.IndexOf(statistics.Max, statistics.BinWidthExponent) + 1;
        Counts = new long[Zero + positive];
        statistics.NegativeBins[..Zero].CopyTo(Counts);
        Array.Reverse(Counts, 0, Zero);
        statistics.PositiveBins[..positive].CopyTo(Counts.AsSpan(Zero));
    }

    public long[] Counts { get; }

    /// <summary>The index of the first bin above 0: real 0 lies at its lower edge.</summary>
    public int Zero { get; }

    /// <summary>The smallest value observed.</summary>
    public float Min => _statistics.Min;

    /// <summary>The largest value observed.</summary>
    public float Max => _statistics.Max;

    /// <summary>The range that the bins <c>[start, end)</c> cover, cut at the observed extremes.</summary>
    public ValueRange RangeOf(int start, int end) => new(
        (float)Math.Max((start - Zero) * _statistics.BinWidth, Min),
        (float)Math.Min((end - Zero) * _statistics.BinWidth, Max));
}
