using System.Diagnostics;

namespace Quantization.Onnx;

/// <summary>Counts the steps of stages and estimates the time left.</summary>
/// <param name="report">Gets the stage, the steps completed and in all, and the time left.</param>
internal sealed class StageReporter<TStage>(Action<TStage, long, long?, TimeSpan?> report)
    where TStage : struct
{
    private TStage _stage;
    private long _start;
    private long _completed;
    private long? _total;

    /// <summary>Begins a stage.</summary>
    public void Begin(TStage stage, long? total = null)
    {
        (_stage, _start, _completed, _total) = (stage, Stopwatch.GetTimestamp(), 0, total);
        Report();
    }

    /// <summary>Expects more steps in this stage.</summary>
    public void Expect(long more) => _total = (_total ?? 0) + more;

    /// <summary>Sets how far the stage is.</summary>
    public void Set(long completed, long? total)
    {
        (_completed, _total) = (completed, total);
        Report();
    }

    /// <summary>Counts a step in.</summary>
    public void Step()
    {
        _completed++;
        _total = Math.Max(_total ?? 0, _completed);
        Report();
    }

    private void Report() => report(_stage, _completed, _total, EstimateRemaining());

    private TimeSpan? EstimateRemaining() =>
        _completed > 0 && _total is { } total && total >= _completed ? Stopwatch.GetElapsedTime(_start) * ((double)(total - _completed) / _completed) : null;
}
