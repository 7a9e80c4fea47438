using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What the libraries' stages are called while they are shown.</summary>
internal static class StageNames
{
    public static string Describe(QuantizationProgress progress, string calibrator) => progress.Stage switch
    {
        QuantizationStage.Preparing => "Reading the model",
        QuantizationStage.Calibrating => Calibrating(progress.Total),
        QuantizationStage.Quantizing => $"Quantizing with {calibrator}",
        QuantizationStage.Inspecting => "Reading what ONNX Runtime makes of it",
        _ => "Comparing the latency",
    };

    public static string Describe(SearchProgress progress) => progress.Stage switch
    {
        SearchStage.Calibrating => Calibrating(progress.Total),
        SearchStage.Referencing => "Scoring the float model",
        SearchStage.Trying => $"Trying {Figures.Count(progress.Total!.Value, "combination")}",
        SearchStage.Refining => $"Trying {Figures.Count(progress.Total!.Value, "calibrator")} of single activations",
        _ => "Writing the best",
    };

    public static string Describe(PartialProgress progress) => progress.Stage switch
    {
        PartialStage.Calibrating => Calibrating(progress.Total),
        PartialStage.Referencing => "Scoring the float model",
        PartialStage.Ranking => "Ranking the layers",
        PartialStage.TryingSteps => "Trying what helps layers short of float",
        PartialStage.SwitchingOff => "Leaving layers in float",
        PartialStage.SwitchingOn => "Quantizing layers again that need not be in float",
        PartialStage.Curve => "Scoring other models to choose from",
        _ => "Writing the model",
    };

    private static string Calibrating(long? samples) => samples is { } count ? $"Calibrating on {Figures.Count(count, "sample")}" : "Calibrating";
}
