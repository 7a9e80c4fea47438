using Spectre.Console;

namespace Quantization.Tool;

/// <summary>Shows what is being done: moving bars on a terminal, one line a step elsewhere.</summary>
internal sealed class ProgressView
{
    private readonly TextWriter _lines;
    private readonly ProgressContext? _bars;
    private ProgressTask? _bar;

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
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(bars => work(new ProgressView(console.Error, bars)));

    /// <summary>Begins the next step; the one before is done.</summary>
    public void Begin(string step)
    {
        Complete();
        if (_bars is null)
        {
            _lines.WriteLine($"{step} ...");
        }
        else
        {
            _bar = _bars.AddTask(step.EscapeMarkup(), maxValue: 1);
            _bar.IsIndeterminate = true;
        }
    }

    /// <summary>Tells how far the step is.</summary>
    public void Report(long completed, long? total)
    {
        if (_bar is not null && total is > 0)
        {
            _bar.IsIndeterminate = false;
            _bar.Value = (double)completed / total.Value;
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
