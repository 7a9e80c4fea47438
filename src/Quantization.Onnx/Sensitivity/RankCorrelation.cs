namespace Quantization.Onnx;

/// <summary>Spearman's rank correlation: Pearson's correlation of the ranks, where equal values share the mean of their ranks.</summary>
internal static class RankCorrelation
{
    /// <summary>The correlation, −1 … 1; null where one side has fewer than two different values.</summary>
    public static double? Spearman(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double[] a = Rank(x), b = Rank(y);
        double mean = (a.Length + 1) / 2.0, product = 0, left = 0, right = 0;
        for (int i = 0; i < a.Length; i++)
        {
            product += (a[i] - mean) * (b[i] - mean);
            left += (a[i] - mean) * (a[i] - mean);
            right += (b[i] - mean) * (b[i] - mean);
        }

        return left == 0 || right == 0 ? null : Math.Clamp(product / Math.Sqrt(left * right), -1, 1);
    }

    /// <summary>Ranks from 1, the smallest value first.</summary>
    private static double[] Rank(ReadOnlySpan<double> values)
    {
        double[] sorted = values.ToArray();
        int[] order = [.. Enumerable.Range(0, values.Length)];
        Array.Sort(sorted, order);
        double[] ranks = new double[values.Length];
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            end = start + 1;
            while (end < sorted.Length && sorted[end] == sorted[start])
            {
                end++;
            }

            foreach (int position in order.AsSpan(start, end - start))
            {
                ranks[position] = (start + 1 + end) / 2.0;
            }
        }

        return ranks;
    }
}
