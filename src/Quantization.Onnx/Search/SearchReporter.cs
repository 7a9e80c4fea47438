namespace Quantization.Onnx;

/// <summary>Turns what a search does into progress with the time left.</summary>
internal sealed class SearchReporter
{
    private readonly StageReporter _stages;
    private SearchTrial? _best;

    public SearchReporter(IProgress<QuantizationProgress>? progress) =>
        _stages = new StageReporter(value => progress?.Report(value with { Best = _best }));

    /// <summary>Begins a stage.</summary>
    public void Begin(QuantizationStage stage, long? total = null) => _stages.Begin(stage, total);

    /// <summary>Counts a sample in.</summary>
    public void Sample(long completed, long? total) => _stages.Set(completed, total);

    /// <summary>Counts a trial in.</summary>
    public void Trial(SearchTrial trial, ModelMetric metric)
    {
        _best = _best is null || metric.Compare(trial.Score.Score, _best.Score.Score) > 0 ? trial : _best;
        _stages.Step();
    }
}
