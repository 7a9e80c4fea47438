using System.Diagnostics;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Shows a search: a bar a stage on a terminal, which knows the time left; elsewhere a line now and then that tells it.</summary>
internal sealed class SearchProgressLines(ProgressView view, ToolConsole console) : IProgress<SearchProgress>
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    private SearchStage? _stage;
    private long _lastLine;

    public void Report(SearchProgress value)
    {
        if (_stage != value.Stage)
        {
            _stage = value.Stage;
            _lastLine = Stopwatch.GetTimestamp();
            view.Begin(Describe(value));
        }

        view.Report(value.Completed, value.Total);
        if (console.ProgressScreen is null && value.Remaining is { } remaining && Stopwatch.GetElapsedTime(_lastLine) > BetweenLines)
        {
            _lastLine = Stopwatch.GetTimestamp();
            console.Error.WriteLine($"  {Figures.Count(value.Completed, "step")} of {Figures.Count(value.Total!.Value, "step")}, about {Figures.Duration(remaining)} left");
        }
    }

    private static string Describe(SearchProgress value) => value.Stage switch
    {
        SearchStage.Calibrating => value.Total is { } samples ? $"Calibrating on {Figures.Count(samples, "sample")}" : "Calibrating",
        SearchStage.Referencing => "Scoring the float model",
        SearchStage.Trying => $"Trying {Figures.Count(value.Total!.Value, "combination")}",
        SearchStage.Refining => $"Trying {Figures.Count(value.Total!.Value, "calibrator")} of single activations",
        _ => "Writing the best",
    };
}
