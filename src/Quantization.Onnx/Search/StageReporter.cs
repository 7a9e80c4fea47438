using System.Diagnostics;

namespace Quantization.Onnx;

/// <summary>Counts the steps of stages and estimates the time left.</summary>
/// <param name="report">Gets the stage, the steps completed and in all, and the time left.</param>
internal sealed class StageReporter(Action<QuantizationProgress> report)
{
    private QuantizationStage _stage;
    private long _start;
    private long _completed;
    private long _known;
    private long? _total;

    /// <summary>Begins a stage.</summary>
    public void Begin(QuantizationStage stage, long? total = null)
    {
        (_stage, _start, _completed, _known, _total) = (stage, Stopwatch.GetTimestamp(), 0, 0, total);
        Report();
    }

    /// <summary>Sets how far the stage is, and how many steps it has.</summary>
    public void Set(long completed, long? total)
    {
        (_completed, _total) = (completed, total);
        Report();
    }

    /// <summary>Sets how far the stage is.</summary>
    /// <param name="completed">The steps done.</param>
    /// <param name="known">How many of these took no time.</param>
    public void Set(long completed, int known)
    {
        (_completed, _known, _total) = (completed, known, Math.Max(_total ?? 0, completed));
        Report();
    }

    /// <summary>Counts a step in.</summary>
    public void Step() => Set(_completed + 1, known: 0);

    private void Report() => report(new QuantizationProgress(_stage, _completed, _total) { Remaining = EstimateRemaining() });

    private TimeSpan? EstimateRemaining() =>
        _completed > _known && _total is { } total && total >= _completed
            ? Stopwatch.GetElapsedTime(_start) * ((double)(total - _completed) / (_completed - _known))
            : null;
}
