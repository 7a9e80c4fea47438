using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Watches how many of the machine's cores other processes keep busy. Linux tells; on other systems nothing is known.</summary>
internal sealed class MachineLoad
{
    private const string StatPath = "/proc/stat";

    /// <summary>The unit of the file: a hundredth of a second.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>Shorter times say nothing, because the counters move in steps of a hundredth of a second.</summary>
    private const double ShortestSeconds = 0.1;

    private readonly Reading? _start = Read();

    /// <summary>
    /// The share of the machine's cores that other processes kept busy since this was made, 0 … 1; null where it is not known.
    /// </summary>
    public double? Others => _start is { } start && Read() is { } now ? Between(start, now) : null;

    /// <summary>The share of cores that others kept busy between two readings.</summary>
    public static double? Between(Reading start, Reading end)
    {
        double all = end.AllSeconds - start.AllSeconds, busy = end.BusySeconds - start.BusySeconds, own = end.OwnSeconds - start.OwnSeconds;
        return all < ShortestSeconds ? null : Math.Clamp((busy - own) / all, 0, 1);
    }

    /// <summary>
    /// Reads the first line of the file: <c>cpu user nice system idle iowait irq softirq steal …</c>; null where it is another.
    /// </summary>
    /// <param name="line">The line.</param>
    /// <param name="ownSeconds">The processor time of this process so far.</param>
    public static Reading? Parse(string? line, double ownSeconds)
    {
        string[] fields = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (fields.Length < 9 || fields[0] != "cpu")
        {
            return null;
        }

        double[] ticks = [.. fields[1..9].Select(
            field => double.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out double value) ? value : double.NaN)];
        double all = ticks.Sum() / TicksPerSecond, idle = (ticks[3] + ticks[4]) / TicksPerSecond;
        return double.IsFinite(all) ? new Reading(all, all - idle, ownSeconds) : null;
    }

    private static Reading? Read()
    {
        try
        {
            return OperatingSystem.IsLinux()
                ? Parse(File.ReadLines(StatPath).FirstOrDefault(), Environment.CpuUsage.TotalTime.TotalSeconds)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What was used so far, in seconds over all cores.</summary>
    /// <param name="AllSeconds">The time of all cores.</param>
    /// <param name="BusySeconds">The time that they worked.</param>
    /// <param name="OwnSeconds">The time that they worked for this process.</param>
    public readonly record struct Reading(double AllSeconds, double BusySeconds, double OwnSeconds);
}
