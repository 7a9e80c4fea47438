using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What the libraries' stages are called while they are shown.</summary>
internal static class StageNames
{
    /// <summary>The name of a stage.</summary>
    /// <param name="progress">The first that is told of it.</param>
    /// <param name="calibrator">What chooses the ranges; null where several do.</param>
    public static string Describe(QuantizationProgress progress, string? calibrator) => progress.Stage switch
    {
        QuantizationStage.Preparing => "Reading the model",
        QuantizationStage.Calibrating =>
            progress.Total is { } samples ? $"Calibrating on {Figures.Count(samples, "sample")}" : "Calibrating",
        QuantizationStage.Quantizing => calibrator is null ? "Quantizing" : $"Quantizing with {calibrator}",
        QuantizationStage.KeepingActivations => "Leaving activations in float",
        QuantizationStage.Improving => "Refining the plan on some of the samples",
        QuantizationStage.Inspecting => "Checking what ONNX Runtime runs on integers",
        QuantizationStage.Measuring => "Comparing the latency",
        QuantizationStage.Referencing => "Scoring the float model",
        QuantizationStage.Trying => $"Trying {Figures.Count(progress.Total!.Value, "combination")}",
        QuantizationStage.Refining => $"Trying {Figures.Count(progress.Total!.Value, "calibrator")} of single activations",
        QuantizationStage.Ranking => "Ranking the layers",
        QuantizationStage.TryingSteps => "Trying to make layers more accurate in int8",
        QuantizationStage.Excluding => "Leaving layers in float",
        QuantizationStage.Requantizing => "Requantizing layers that need not be in float",
        QuantizationStage.Curve => "Scoring other models to choose from",
        QuantizationStage.Writing => "Writing the model",
        QuantizationStage.Evaluating => "Measuring",
        QuantizationStage.ComparingLayers => "Comparing layers",
        QuantizationStage.QuantizingInWays => $"Quantizing in {Figures.Count(progress.Total!.Value, "way")}",
        QuantizationStage.ScoringWays => $"Scoring {Figures.Count(progress.Total!.Value, "model")}",
        _ => throw new ArgumentOutOfRangeException(nameof(progress), progress.Stage, "The stage has no name."),
    };
}
