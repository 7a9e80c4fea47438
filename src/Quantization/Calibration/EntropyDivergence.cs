namespace Quantization;

/// <summary>
/// The Kullback–Leibler divergence of NVIDIA's search for any window of consecutive bins, from prefix sums: one logarithm per level instead
/// of one per bin.
/// </summary>
/// <remarks>
/// With p the window's counts, the clipped counts added to its end bins, S their sum, G the counts of a level's group of bins (without the
/// clipped ones), n the group's non-empty bins and K = Σ G: the candidate gives each non-empty bin of a group G/n, and
/// <c>KL = Σ p/S · ln((p/S) / ((G/n)/K)) = (Σ p·ln p − Σ_groups (Σ p in the group) · ln(G/n)) / S − ln S + ln K</c>.
/// </remarks>
internal sealed class EntropyDivergence
{
    private readonly long[] _counts;
    private readonly long[] _mass;
    private readonly double[] _massTimesCentre;
    private readonly double[] _massLogMass;
    private readonly int[] _nonEmpty;
    private readonly int _levels;

    public EntropyDivergence(long[] counts, int levels)
    {
        _counts = counts;
        _levels = levels;
        _mass = new long[counts.Length + 1];
        _massTimesCentre = new double[counts.Length + 1];
        _massLogMass = new double[counts.Length + 1];
        _nonEmpty = new int[counts.Length + 1];
        for (int i = 0; i < counts.Length; i++)
        {
            _mass[i + 1] = _mass[i] + counts[i];
            _massTimesCentre[i + 1] = _massTimesCentre[i] + counts[i] * (i + 0.5);
            _massLogMass[i + 1] = _massLogMass[i] + TimesLog(counts[i]);
            _nonEmpty[i + 1] = _nonEmpty[i] + (counts[i] == 0 ? 0 : 1);
        }
    }

    public int Levels => _levels;

    private long Total => _mass[^1];

    /// <summary>
    /// Whether clipping to the window costs more than its finer step saves: its mean absolute error, the clipped distances and a quarter of
    /// a step for each value inside, exceeds that of the full range.
    /// </summary>
    public bool ClipsDearly(int start, int end)
    {
        long below = _mass[start];
        long above = Total - _mass[end];
        double clipped =
            start * (double)below - _massTimesCentre[start] + (_massTimesCentre[^1] - _massTimesCentre[end]) - end * (double)above;
        return clipped + Rounding(Total - below - above, end - start) > Rounding(Total, _counts.Length);
    }

    /// <summary>
    /// The divergence in nats; +∞ where values are clipped into an end bin that holds none of its own, as no candidate can follow there.
    /// </summary>
    public double Of(int start, int end)
    {
        long below = _mass[start];
        long above = Total - _mass[end];
        long kept = _mass[end] - _mass[start];
        if (kept == 0 || (below > 0 && _counts[start] == 0) || (above > 0 && _counts[end - 1] == 0))
        {
            return double.PositiveInfinity;
        }

        double reference = _massLogMass[end] - _massLogMass[start] + EndsCorrection(start, end, below, above);
        double candidate = CandidateTerm(start, end, below, above);
        return Math.Max((reference - candidate) / Total - Math.Log(Total) + Math.Log(kept), 0);
    }

    private static double TimesLog(long count) => count == 0 ? 0 : count * Math.Log(count);

    /// <summary>The absolute error of rounding values that lie anywhere within a step, in bins: a quarter of the step each.</summary>
    private double Rounding(long values, int width) => values * (double)width / (4 * _levels);

    private double EndsCorrection(int start, int end, long below, long above)
    {
        if (end - start == 1)
        {
            return TimesLog(_counts[start] + below + above) - TimesLog(_counts[start]);
        }

        return TimesLog(_counts[start] + below) - TimesLog(_counts[start]) + TimesLog(_counts[end - 1] + above)
            - TimesLog(_counts[end - 1]);
    }

    /// <summary>The sum over groups. Group g of N holds the bins from ⌈g·n/N⌉ to before ⌈(g+1)·n/N⌉ of the window's n.</summary>
    private double CandidateTerm(int start, int end, long below, long above)
    {
        int width = end - start;
        int groups = Math.Min(_levels, width);
        double sum = 0;
        int from = start;
        for (int group = 1; group <= groups; group++)
        {
            int to = start + (int)(((long)group * width + groups - 1) / groups);
            long mass = _mass[to] - _mass[from];
            if (mass > 0)
            {
                long reference = mass + (from == start ? below : 0) + (to == end ? above : 0);
                sum += reference * Math.Log((double)mass / (_nonEmpty[to] - _nonEmpty[from]));
            }

            from = to;
        }

        return sum;
    }
}
