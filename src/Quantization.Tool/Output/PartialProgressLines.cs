using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Shows a partial quantization: a bar a stage on a terminal; elsewhere a line a stage, and now and then one that tells the time left.</summary>
internal sealed class PartialProgressLines(ProgressView view, ToolConsole console) : IProgress<PartialProgress>
{
    private readonly RemainingLines _lines = new(console);
    private PartialStage? _stage;

    public void Report(PartialProgress value)
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

    private static string Describe(PartialProgress value) => value.Stage switch
    {
        PartialStage.Calibrating => value.Total is { } samples ? $"Calibrating on {Figures.Count(samples, "sample")}" : "Calibrating",
        PartialStage.Referencing => "Scoring the float model",
        PartialStage.Ranking => "Ranking the layers",
        PartialStage.TryingSteps => "Trying what helps layers short of float",
        PartialStage.SwitchingOff => "Leaving layers in float",
        PartialStage.SwitchingOn => "Quantizing layers again that need not be in float",
        PartialStage.Curve => "Scoring other models to choose from",
        _ => "Writing the model",
    };
}
