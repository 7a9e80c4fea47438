namespace Quantization.Tool;

/// <summary>Shows work that goes through stages, each as a step of the view.</summary>
/// <param name="view">Where it is shown.</param>
/// <param name="stageOf">The stage that progress tells of.</param>
/// <param name="describe">What is done in it, from the first that is told of it.</param>
/// <param name="stepOf">How far it is.</param>
internal sealed class StageProgress<TProgress, TStage>(ProgressView view, Func<TProgress, TStage> stageOf, Func<TProgress, string> describe, Func<TProgress, StepProgress> stepOf) : IProgress<TProgress>
    where TStage : struct, Enum
{
    private TStage? _stage;

    public void Report(TProgress value)
    {
        TStage stage = stageOf(value);
        if (!stage.Equals(_stage))
        {
            _stage = stage;
            view.Begin(describe(value));
        }

        view.Report(stepOf(value));
    }
}
