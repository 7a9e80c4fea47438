using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Shows a search: a bar a stage on a terminal, which knows the time left; elsewhere a line now and then that tells it.</summary>
internal sealed class SearchProgressLines(ProgressView view, ToolConsole console) : IProgress<SearchProgress>
{
    private readonly RemainingLines _lines = new(console);
    private SearchStage? _stage;

    public void Report(SearchProgress value)
    {
        if (_stage != value.Stage)
        {
            _stage = value.Stage;
            _lines.Begin();
            view.Begin(Describe(value));
        }

        view.Report(value.Completed, value.Total);
        _lines.Report(value.Completed, value.Total, value.Remaining);
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
