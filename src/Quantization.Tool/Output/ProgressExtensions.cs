using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>
/// Connects the libraries' progress with the view. <see cref="Progress{T}"/> would report from another thread, after the work is over.
/// </summary>
internal static class ProgressExtensions
{
    /// <summary>Shows how far one step is.</summary>
    public static IProgress<QuantizationProgress> ForSteps(this ProgressView view) =>
        new Reporter(progress => view.Report(StepOf(progress)));

    /// <summary>Shows the stages of a call, each as a step of the view.</summary>
    /// <param name="view">The view.</param>
    /// <param name="calibrator">What chooses the ranges; null where several do.</param>
    public static IProgress<QuantizationProgress> ForStages(this ProgressView view, string? calibrator = null)
    {
        QuantizationStage? stage = null;
        return new Reporter(progress =>
        {
            if (stage != progress.Stage)
            {
                stage = progress.Stage;
                view.Begin(StageNames.Describe(progress, calibrator));
            }

            view.Report(StepOf(progress));
        });
    }

    private static StepProgress StepOf(QuantizationProgress progress) => new(
        progress.Completed,
        progress.Total,
        progress.Remaining,
        progress.Stage is QuantizationStage.TryingSteps or QuantizationStage.Excluding or QuantizationStage.Requantizing);

    private sealed class Reporter(Action<QuantizationProgress> report) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) => report(value);
    }
}
