namespace Quantization.Tests.Calibration;

/// <summary>Histograms of magnitudes with bins of width 1, of the shapes that activations and weights have.</summary>
internal static class Histograms
{
    public static TheoryData<string, int> All()
    {
        TheoryData<string, int> data = [];
        foreach (string kind
            in new[] { "normal", "laplace", "uniform", "noise", "spiked", "sparse", "outlier", "heavy tail", "two modes near 0", "rising" })
        {
            foreach (int bins in new[] { 300, 1100 })
            {
                data.Add(kind, bins);
            }
        }

        return data;
    }

    public static long[] Create(string kind, int bins)
    {
        Random random = new(kind.Length * 1000 + bins);
        long[] histogram = new long[bins];
        for (int i = 0; i < bins; i++)
        {
            double x = (i + 0.5) / bins;
            double share = kind switch
            {
                "normal" => Math.Exp(-x * x * 10),
                "laplace" => Math.Exp(-x * 12),
                "uniform" => 1,
                "noise" => random.NextDouble(),
                "spiked" => Math.Exp(-x * 8) + (i % 61 == 7 ? 20 : 0),
                "sparse" => random.Next(5) == 0 ? Math.Exp(-x * 6) : 0,
                "outlier" => x < 0.5 ? Math.Exp(-x * x * 60) : i == bins - 1 ? 1e-5 : 0,
                "heavy tail" => 1 / (1 + x * x * 900),
                "two modes near 0" => Math.Exp(-x * x * 80) + 0.2 * Math.Exp(-(x - 0.6) * (x - 0.6) * 500),
                _ => x,
            };
            histogram[i] = (long)Math.Round(share * 100_000 * (0.8 + 0.4 * random.NextDouble()));
        }

        histogram[^1] += 1;
        return histogram;
    }

    /// <summary>Statistics whose bins have width 1 and hold this histogram above 0, every value in the middle of its bin.</summary>
    public static TensorStatistics ToStatistics(this long[] histogram)
    {
        int binsPerSign = 16;
        while (binsPerSign < histogram.Length)
        {
            binsPerSign *= 2;
        }

        double[] edges = [.. Enumerable.Range(0, histogram.Length + 1).Select(i => (double)i)];
        int first = Array.FindIndex(histogram, count => count > 0);
        return TensorStatistics.FromHistogram(
            edges, histogram, range: new ValueRange(first + 0.5f, histogram.Length - 0.5f), binsPerSign: binsPerSign);
    }
}
