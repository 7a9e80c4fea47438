using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Connects the libraries' progress with the view. <see cref="Progress{T}"/> would report from another thread, after the work is over.</summary>
internal static class ProgressExtensions
{
    /// <summary>Shows the samples of a calibration.</summary>
    public static IProgress<QuantizationProgress> ForCalibration(this ProgressView view) =>
        new Reporter<QuantizationProgress>(progress => view.Report(new StepProgress(progress.Completed, progress.Total)));

    /// <summary>Shows the stages of a quantization, and the samples of its calibration.</summary>
    public static IProgress<QuantizationProgress> ForQuantization(this ProgressView view, string calibrator) => new StageProgress<QuantizationProgress, QuantizationStage>(
        view, progress => progress.Stage, progress => StageNames.Describe(progress, calibrator), progress => new StepProgress(progress.Completed, progress.Total));

    /// <summary>Shows the stages of a search, and the models that are tried.</summary>
    public static IProgress<SearchProgress> ForSearch(this ProgressView view) => new StageProgress<SearchProgress, SearchStage>(
        view, progress => progress.Stage, StageNames.Describe, progress => new StepProgress(progress.Completed, progress.Total, progress.Remaining));

    /// <summary>Shows the stages of a partial quantization, and the models that are tried.</summary>
    public static IProgress<PartialProgress> ForPartial(this ProgressView view) => new StageProgress<PartialProgress, PartialStage>(
        view,
        progress => progress.Stage,
        StageNames.Describe,
        progress => new StepProgress(progress.Completed, progress.Total, progress.Remaining, progress.Stage is PartialStage.TryingSteps or PartialStage.SwitchingOff or PartialStage.SwitchingOn));

    /// <summary>Shows the samples of an evaluation.</summary>
    public static IProgress<EvaluationProgress> ForEvaluation(this ProgressView view) =>
        new Reporter<EvaluationProgress>(progress => view.Report(new StepProgress(progress.Samples, progress.Total)));

    /// <summary>Shows the models of a comparison of layers.</summary>
    public static IProgress<(int Completed, int Total)> ForLayers(this ProgressView view) =>
        new Reporter<(int Completed, int Total)>(progress => view.Report(new StepProgress(progress.Completed, progress.Total)));

    private sealed class Reporter<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
