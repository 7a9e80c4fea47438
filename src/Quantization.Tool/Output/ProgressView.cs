using System.Diagnostics;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>
/// Shows what is being done: moving bars on a terminal; elsewhere one line per step, and now and then one that tells the time left.
/// </summary>
internal sealed class ProgressView
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    private readonly TextWriter _lines;
    private readonly ProgressContext? _bars;
    private readonly HashSet<string> _written = [];
    private ProgressTask? _bar;
    private long _begun;
    private long _lastLine;

    private ProgressView(TextWriter lines, ProgressContext? bars)
    {
        _lines = lines;
        _bars = bars;
    }

    /// <summary>Does some work while its progress is shown.</summary>
    public static T Show<T>(ToolConsole console, Func<ProgressView, T> work) => console.ProgressScreen is null
        ? work(new ProgressView(console.Error, null))
        : console.ProgressScreen.Progress()
            .AutoClear(true)
            .Columns(
                new SpinnerColumn(),
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PercentageColumn(),
                new RemainingTimeColumn())
            .Start(bars => work(new ProgressView(console.Error, bars)));

    /// <summary>Begins the next step; the one before is done.</summary>
    public void Begin(string step)
    {
        Complete();
        WorkerLink.Current?.Note(WorkerLink.Step, step);
        _begun = _lastLine = Stopwatch.GetTimestamp();
        if (_bars is null)
        {
            WriteOnce($"{step} ...");
        }
        else
        {
            _bar = _bars.AddTask(step.EscapeMarkup(), maxValue: 1);
            _bar.IsIndeterminate = true;
        }
    }

    /// <summary>Tells how far the step is.</summary>
    public void Report(StepProgress step)
    {
        if (step.Total is not > 0)
        {
            return;
        }

        if (_bar is not null)
        {
            _bar.IsIndeterminate = false;
            _bar.Value = (double)step.Completed / step.Total.Value;
        }
        else if (_bars is null && step.Completed > 0 && Stopwatch.GetElapsedTime(_lastLine) > BetweenLines)
        {
            _lastLine = Stopwatch.GetTimestamp();
            TimeSpan left = step.Remaining
                ?? Stopwatch.GetElapsedTime(_begun) * ((double)(step.Total.Value - step.Completed) / step.Completed);
            string most = step.IsAtMost ? "at most " : "";
            WriteOnce($"  {Figures.Count(step.Completed)} of {most}{Figures.Count(step.Total.Value)} done, {most}about "
                + $"{Figures.Duration(left)} left");
        }
    }

    /// <summary>Writes a line, unless it was written before: steps that take turns need no second line each.</summary>
    private void WriteOnce(string line)
    {
        if (_written.Add(line))
        {
            _lines.WriteLine(line);
        }
    }

    private void Complete()
    {
        if (_bar is not null)
        {
            _bar.IsIndeterminate = false;
            _bar.Value = _bar.MaxValue;
        }
    }
}
