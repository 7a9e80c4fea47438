namespace Quantization.Tests.Calibration;

/// <summary>
/// The searches of NVIDIA's pytorch-quantization, written down step by step without any shortcut: the oracle for the fast ones.
/// Histograms are of magnitudes with bins of width 1.
/// </summary>
internal static class LiteralSearch
{
    /// <summary>
    /// Returns the number of bins that the entropy search keeps, the last of equal minima, and the divergence of every candidate.
    /// </summary>
    public static (int Kept, double[] Divergences) Entropy(long[] histogram, int levels)
    {
        double[] bins = [.. histogram.Select(count => (double)count)];
        bins[0] = bins[1];
        double[] divergences = new double[bins.Length + 1];
        Array.Fill(divergences, double.PositiveInfinity);
        int kept = levels;
        for (int i = levels; i <= bins.Length; i++)
        {
            divergences[i] = Divergence(bins, i, levels);
            kept = divergences[i] <= divergences[kept] ? i : kept;
        }

        return (kept, divergences);
    }

    /// <summary>
    /// Returns the number of bins of least divergence, the last of equal minima, among those whose clipping costs no more than it saves.
    /// </summary>
    public static int LeastThatClipsCheaply(long[] histogram, double[] divergences, int levels)
    {
        int least = divergences.Length - 1;
        for (int kept = least; kept >= 0; kept--)
        {
            least = divergences[kept] < divergences[least] && !ClipsDearly(histogram, kept, levels) ? kept : least;
        }

        return least;
    }

    /// <summary>The mean absolute error of keeping so many bins exceeds that of keeping all; bin 0 counts as bin 1 does.</summary>
    public static bool ClipsDearly(long[] histogram, int kept, int levels)
    {
        long[] bins = [histogram[1], .. histogram[1..]];
        return Enumerable.Range(0, bins.Length).Sum(i => i < kept ? bins[i] * kept / (4.0 * levels) : bins[i] * (i + 0.5 - kept))
            > bins.Sum() * (double)bins.Length / (4 * levels);
    }

    /// <summary>
    /// Returns the index of the bin whose centre is the threshold of least error, starting at bin <paramref name="start"/>, and the error
    /// of every candidate.
    /// </summary>
    public static (int Bin, double[] Errors) Mse(long[] histogram, int highest, int start)
    {
        double[] errors = new double[histogram.Length];
        int best = start;
        for (int i = start; i < histogram.Length; i++)
        {
            double scale = (i + 0.5) / highest;
            for (int j = 0; j < histogram.Length; j++)
            {
                double centre = j + 0.5;
                double quantized = Math.Min(Math.Round(centre / scale), highest) * scale;
                errors[i] += histogram[j] * (quantized - centre) * (quantized - centre);
            }

            if (errors[i] < errors[best])
            {
                best = i;
            }
        }

        return (best, errors);
    }

    /// <summary>Returns the first bin where the cumulative share reaches the percentage.</summary>
    public static int Percentile(long[] histogram, decimal percentage)
    {
        decimal total = histogram.Sum();
        decimal cumulative = 0;
        for (int i = 0; ; i++)
        {
            cumulative += histogram[i];
            if (cumulative * 100 >= percentage * total)
            {
                return i;
            }
        }
    }

    /// <summary>KL(reference ‖ candidate) of keeping the bins before <paramref name="kept"/>.</summary>
    private static double Divergence(double[] bins, int kept, int levels)
    {
        double[] reference = bins[..kept];
        double tail = bins[kept..].Sum();
        if (reference[^1] == 0 && tail > 0)
        {
            return double.PositiveInfinity;
        }

        reference[^1] += tail;
        double[] levelMass = new double[levels];
        int[] levelMembers = new int[levels];
        for (int i = 0; i < kept; i++)
        {
            int level = (int)((long)i * levels / kept);
            levelMass[level] += bins[i];
            levelMembers[level] += bins[i] == 0 ? 0 : 1;
        }

        double[] candidate = new double[kept];
        for (int i = 0; i < kept; i++)
        {
            int level = (int)((long)i * levels / kept);
            candidate[i] = bins[i] == 0 ? 0 : levelMass[level] / levelMembers[level];
        }

        double referenceMass = reference.Sum();
        double candidateMass = candidate.Sum();
        double divergence = 0;
        for (int i = 0; i < kept; i++)
        {
            if (reference[i] > 0)
            {
                double p = reference[i] / referenceMass;
                divergence += p * Math.Log(p / (candidate[i] / candidateMass));
            }
        }

        return divergence;
    }
}
