using System.Diagnostics;
using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Benchmarks.Auto;

/// <summary>How long each stage of a call takes, as its progress tells.</summary>
internal sealed class StageClock : IProgress<QuantizationProgress>
{
    private readonly Dictionary<QuantizationStage, TimeSpan> _times = [];
    private readonly Lock _lock = new();
    private QuantizationStage? _stage;
    private long _start;

    public void Report(QuantizationProgress value)
    {
        lock (_lock)
        {
            if (value.Stage != _stage)
            {
                End();
                (_stage, _start) = (value.Stage, Stopwatch.GetTimestamp());
            }
        }
    }

    /// <summary>Ends the last stage.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            End();
            _stage = null;
        }
    }

    /// <summary>The time of a stage; zero where there was none.</summary>
    public TimeSpan Of(QuantizationStage stage) => _times.GetValueOrDefault(stage);

    public override string ToString() =>
        string.Join(
            ", ", _times.Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Key} {each.Value.TotalSeconds:0.0} s")));

    private void End()
    {
        if (_stage is { } stage)
        {
            _times[stage] = Of(stage) + Stopwatch.GetElapsedTime(_start);
        }
    }
}
