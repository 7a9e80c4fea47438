using System.Diagnostics;

namespace Quantization.Onnx;

/// <summary>Turns what a search does into progress with the time left.</summary>
internal sealed class SearchReporter(IProgress<SearchProgress>? progress)
{
    private SearchStage _stage;
    private long _start;
    private long _completed;
    private long? _total;
    private SearchTrial? _best;

    /// <summary>Begins a stage.</summary>
    public void Begin(SearchStage stage, long? total = null)
    {
        (_stage, _start, _completed, _total) = (stage, Stopwatch.GetTimestamp(), 0, total);
        Report();
    }

    /// <summary>Counts a sample in.</summary>
    public void Sample(long completed, long? total)
    {
        (_completed, _total) = (completed, total);
        Report();
    }

    /// <summary>Counts a trial in.</summary>
    public void Trial(SearchTrial trial, ModelMetric metric)
    {
        _completed++;
        _total = Math.Max(_total ?? 0, _completed);
        _best = _best is null || metric.Compare(trial.Score.Score, _best.Score.Score) > 0 ? trial : _best;
        Report();
    }

    private void Report() => progress?.Report(new SearchProgress(_stage, _completed, _total, EstimateRemaining(), _best));

    private TimeSpan? EstimateRemaining() =>
        _completed > 0 && _total is { } total && total >= _completed ? Stopwatch.GetElapsedTime(_start) * ((double)(total - _completed) / _completed) : null;
}
