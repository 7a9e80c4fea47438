using System.Diagnostics;

namespace Quantization.Tool;

/// <summary>Tells now and then how long a stage will still take, where no moving bar does.</summary>
internal sealed class RemainingLines(ToolConsole console)
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    private long _lastLine;

    /// <summary>A stage begins.</summary>
    public void Begin() => _lastLine = Stopwatch.GetTimestamp();

    /// <summary>A stage is so far.</summary>
    public void Report(long completed, long? total, TimeSpan? remaining)
    {
        if (console.ProgressScreen is null && remaining is { } left && Stopwatch.GetElapsedTime(_lastLine) > BetweenLines)
        {
            _lastLine = Stopwatch.GetTimestamp();
            console.Error.WriteLine($"  {Figures.Count(completed, "step")} of {Figures.Count(total!.Value, "step")}, about {Figures.Duration(left)} left");
        }
    }
}
