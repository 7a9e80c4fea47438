namespace Quantization;

/// <summary>
/// How far two distributions of observed values lie apart: calibration data against what a model meets when it is used, for example.
/// </summary>
/// <remarks>
/// Both histograms are compared on common bins: the wider bins of the two, zeros as a bin of their own. Where all that differs lies within
/// single bins, the distance is 0. Different numbers of bins are compared at the smaller number.
/// </remarks>
public static class StatisticsDistance
{
    /// <summary>
    /// The Jensen–Shannon divergence <c>½·Σ p·log2(p/m) + ½·Σ q·log2(q/m)</c>, <c>m = (p + q)/2</c>, over the shares of values per bin: 0
    /// for equal shares, 1 where no bin is shared. It does not see how far apart bins lie. Source: J. Lin, "Divergence measures based on
    /// the Shannon entropy", 1991.
    /// </summary>
    /// <exception cref="InvalidOperationException">One of them has seen nothing.</exception>
    public static double JensenShannon(TensorStatistics first, TensorStatistics second)
    {
        (TensorStatistics a, TensorStatistics b, _) = OnCommonBins(first, second);
        double divergence = Term(Share(a.ZeroCount, a), Share(b.ZeroCount, b));
        for (int i = 0; i < a.BinsPerSign; i++)
        {
            divergence += Term(Share(a.PositiveBins[i], a), Share(b.PositiveBins[i], b));
            divergence += Term(Share(a.NegativeBins[i], a), Share(b.NegativeBins[i], b));
        }

        return Math.Clamp(divergence, 0, 1);
    }

    /// <summary>
    /// The Wasserstein-1 (earth mover's) distance <c>∫ |F(x) − G(x)| dx</c> of the cumulative distributions, in the unit of the values: how
    /// far values move on average to turn one distribution into the other. Values count as lying at the centres of their bins.
    /// </summary>
    /// <exception cref="InvalidOperationException">One of them has seen nothing.</exception>
    public static double Wasserstein(TensorStatistics first, TensorStatistics second)
    {
        (TensorStatistics a, TensorStatistics b, double width) = OnCommonBins(first, second);
        int bins = a.BinsPerSign;
        double ahead = 0;
        double distance = 0;
        for (int i = bins - 1; i >= 0; i--)
        {
            ahead += Share(a.NegativeBins[i], a) - Share(b.NegativeBins[i], b);
            distance += Math.Abs(ahead) * (i == 0 ? width / 2 : width);
        }

        ahead += Share(a.ZeroCount, a) - Share(b.ZeroCount, b);
        for (int i = 0; i < bins; i++)
        {
            distance += Math.Abs(ahead) * (i == 0 ? width / 2 : width);
            ahead += Share(a.PositiveBins[i], a) - Share(b.PositiveBins[i], b);
        }

        return distance;
    }

    private static (TensorStatistics A, TensorStatistics B, double Width) OnCommonBins(TensorStatistics first, TensorStatistics second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Count == 0 || second.Count == 0)
        {
            throw new InvalidOperationException("No value was observed: the distance to nothing is not defined.");
        }

        int bins = Math.Min(first.BinsPerSign, second.BinsPerSign);
        TensorStatistics a = first.Coarsen(bins);
        TensorStatistics b = second.Coarsen(bins);
        int exponent = Math.Max(a.BinWidthExponent, b.BinWidthExponent);
        a.Widen(exponent);
        b.Widen(exponent);
        return (a, b, Math.ScaleB(1, exponent));
    }

    private static double Share(long count, TensorStatistics statistics) => (double)count / statistics.Count;

    private static double Term(double p, double q)
    {
        double middle = (p + q) / 2;
        return (Part(p, middle) + Part(q, middle)) / 2;
    }

    private static double Part(double share, double middle) => share == 0 ? 0 : share * Math.Log2(share / middle);
}
