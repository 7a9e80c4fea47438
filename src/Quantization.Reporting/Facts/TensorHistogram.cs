namespace Quantization.Reporting;

/// <summary>The statistics of a tensor as equal steps from the smallest value to the largest, few enough to draw.</summary>
internal static class TensorHistogram
{
    private const int Steps = 96;

    public static long[] Of(TensorStatistics statistics)
    {
        long[] steps = new long[Steps];
        double width = ((double)statistics.Max - statistics.Min) / Steps;
        if (statistics.Count == 0 || width <= 0)
        {
            return [statistics.Count];
        }

        for (int bin = 0; bin < statistics.BinsPerSign; bin++)
        {
            double centre = (bin + 0.5) * statistics.BinWidth;
            Add(centre, statistics.PositiveBins[bin]);
            Add(-centre, statistics.NegativeBins[bin]);
        }

        return steps;

        void Add(double value, long count) => steps[(int)Math.Clamp((value - statistics.Min) / width, 0, Steps - 1)] += count;
    }
}
