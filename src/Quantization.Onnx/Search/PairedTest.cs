namespace Quantization.Onnx;

/// <summary>Tells whether two models differ by more than chance, from what each scored on the same samples.</summary>
internal static class PairedTest
{
    /// <summary>Student's quantile for many samples: beyond it lie 2.5 % at either side.</summary>
    private const double Normal = ShareInterval.Deviation;

    /// <summary>The least probability that is still chance, both sides together.</summary>
    private const double Chance = 0.05;

    /// <summary>Student's quantiles for few degrees of freedom, where the series is not yet near.</summary>
    private static readonly double[] Few = [double.PositiveInfinity, 12.7062, 4.3027, 3.1824, 2.7764, 2.5706];

    /// <summary>Whether the mean of the first figures is below that of the second, by a paired t-test at 95 %.</summary>
    public static bool IsLower(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        (double mean, double error) = Difference(first, second);
        return mean < -Quantile(first.Length - 1) * error;
    }

    /// <summary>How many samples would tell two means apart that differ as these do; null where they are equal.</summary>
    public static long? SamplesToTell(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        (double mean, double error) = Difference(first, second);
        double ratio = Normal * error / Math.Abs(mean);
        return mean == 0 ? null : (long)Math.Ceiling(Math.Min(1e12, first.Length * ratio * ratio));
    }

    /// <summary>
    /// Whether more of the samples have a larger share with the first model than with the second, by a sign test at 95 %.
    /// </summary>
    public static bool IsMoreOften(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        int more = 0, less = 0;
        for (int i = 0; i < first.Length; i++)
        {
            more += first[i] > second[i] ? 1 : 0;
            less += first[i] < second[i] ? 1 : 0;
        }

        return more > less && 2 * BinomialTail(more + less, less) < Chance;
    }

    /// <summary>Student's quantile at 97.5 % (Abramowitz and Stegun 26.7.5).</summary>
    /// <param name="freedom">The degrees of freedom; infinite below 1.</param>
    public static double Quantile(int freedom)
    {
        if (freedom < Few.Length)
        {
            return Few[Math.Max(0, freedom)];
        }

        double z = Normal, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, n = freedom;
        return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n)
            + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
    }

    /// <summary>The probability of at most so many heads among so many throws of a fair coin.</summary>
    public static double BinomialTail(int throws, int heads)
    {
        double term = -throws * Math.Log(2), sum = Math.Exp(term);
        for (int i = 1; i <= heads; i++)
        {
            term += Math.Log(throws - i + 1.0) - Math.Log(i);
            sum += Math.Exp(term);
        }

        return Math.Min(1, sum);
    }

    /// <summary>The mean of the differences of first and second, and its standard error.</summary>
    private static (double Mean, double Error) Difference(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        double sum = 0, squares = 0;
        for (int i = 0; i < first.Length; i++)
        {
            sum += (double)first[i] - second[i];
        }

        double mean = sum / first.Length;
        for (int i = 0; i < first.Length; i++)
        {
            double rest = (double)first[i] - second[i] - mean;
            squares += rest * rest;
        }

        return (mean, first.Length < 2 ? double.PositiveInfinity : Math.Sqrt(squares / (first.Length - 1) / first.Length));
    }
}
