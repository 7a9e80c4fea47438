namespace Quantization.Onnx;

/// <summary>Gathers the times of one model's runs.</summary>
internal sealed class LatencyKeeper
{
    private readonly List<long> _ticks = [];

    /// <summary>How many runs were timed.</summary>
    public int TimedRuns => _ticks.Count;

    /// <summary>The median of the times.</summary>
    public TimeSpan Median => TimeSpan.FromTicks(MedianOf(_ticks));

    /// <summary>The range of the middle half of the times, as a share of the median; null where nothing was timed.</summary>
    public double? Spread
    {
        get
        {
            long[] sorted = [.. _ticks.Order()];
            return sorted.Length == 0 || Median == TimeSpan.Zero
                ? null
                : (double)(sorted[sorted.Length * 3 / 4] - sorted[sorted.Length / 4]) / Median.Ticks;
        }
    }

    /// <summary>Adds the time of a run.</summary>
    public void Add(TimeSpan latency) => _ticks.Add(latency.Ticks);

    private static long MedianOf(List<long> values)
    {
        long[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
