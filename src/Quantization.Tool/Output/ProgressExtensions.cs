using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Connects the libraries' progress with the view. <see cref="Progress{T}"/> would report from another thread, after the work is over.</summary>
internal static class ProgressExtensions
{
    /// <summary>Shows the samples of a calibration.</summary>
    public static IProgress<QuantizationProgress> ForCalibration(this ProgressView view) =>
        new Reporter<QuantizationProgress>(progress => view.Report(progress.Completed, progress.Total));

    /// <summary>Shows the stages of a quantization, and the samples of its calibration.</summary>
    public static IProgress<QuantizationProgress> ForQuantization(this ProgressView view, string calibrator)
    {
        QuantizationStage? stage = null;
        return new Reporter<QuantizationProgress>(progress =>
        {
            if (stage != progress.Stage)
            {
                stage = progress.Stage;
                view.Begin(Describe(progress, calibrator));
            }

            view.Report(progress.Completed, progress.Total);
        });
    }

    /// <summary>Shows the samples of an evaluation.</summary>
    public static IProgress<EvaluationProgress> ForEvaluation(this ProgressView view) =>
        new Reporter<EvaluationProgress>(progress => view.Report(progress.Samples, progress.Total));

    /// <summary>Shows the layers of a comparison.</summary>
    public static IProgress<(int Completed, int Total)> ForLayers(this ProgressView view) =>
        new Reporter<(int Completed, int Total)>(progress => view.Report(progress.Completed, progress.Total));

    private static string Describe(QuantizationProgress progress, string calibrator) => progress.Stage switch
    {
        QuantizationStage.Preparing => "Reading the model",
        QuantizationStage.Calibrating => progress.Total is { } samples ? $"Calibrating on {Figures.Count(samples, "sample")}" : "Calibrating",
        QuantizationStage.Quantizing => $"Quantizing with {calibrator}",
        QuantizationStage.Inspecting => "Reading what ONNX Runtime makes of it",
        _ => "Comparing the latency",
    };

    private sealed class Reporter<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
