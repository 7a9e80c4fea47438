using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Quantization.Onnx;

namespace Quantization.Hosting;

/// <summary>Turns the progress of a call into log entries and activities, and passes it on. Threads may report at the same time.</summary>
/// <param name="model">The name of the model.</param>
/// <param name="call">The activity of the call; null where nobody listens.</param>
/// <param name="next">Receives all progress; null if nothing listens.</param>
/// <param name="interval">The least time between two log entries of a stage.</param>
/// <param name="logger">Where to log.</param>
/// <param name="clock">Tells the time.</param>
internal sealed class StageJournal(
    string model, Activity? call, IProgress<QuantizationProgress>? next, TimeSpan interval, ILogger logger, TimeProvider clock)
    : IProgress<QuantizationProgress>
{
    private readonly Lock _lock = new();
    private QuantizationStage? _stage;
    private Activity? _activity;
    private long _began;
    private long _logged;

    /// <inheritdoc />
    public void Report(QuantizationProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        lock (_lock)
        {
            Note(value);
        }

        next?.Report(value);
    }

    /// <summary>Ends the stage that is going on.</summary>
    public void End()
    {
        lock (_lock)
        {
            EndStage();
        }
    }

    private void Note(QuantizationProgress progress)
    {
        if (progress.Stage != _stage)
        {
            EndStage();
            _stage = progress.Stage;
            _began = _logged = clock.GetTimestamp();
            Apart(() => _activity = call is null
                ? null
                : QuantizationTelemetry.Source.StartActivity(progress.Stage.ToString(), ActivityKind.Internal, call.Context));
            Log.StageStarted(logger, model, progress.Stage);
        }
        else if (clock.GetElapsedTime(_logged) >= interval)
        {
            _logged = clock.GetTimestamp();
            Log.StageProgress(logger, model, progress.Stage, progress.Completed, progress.Total);
        }

        if (progress.Total is { } total)
        {
            _activity?.SetTag("quantization.steps.completed", progress.Completed).SetTag("quantization.steps.total", total);
        }
    }

    private void EndStage()
    {
        if (_stage is { } stage)
        {
            Log.StageFinished(logger, model, stage, (long)clock.GetElapsedTime(_began).TotalMilliseconds);
            Apart(() => _activity?.Stop());
            (_stage, _activity) = (null, null);
        }
    }

    /// <summary>
    /// Starts or stops an activity without making it the current one: a stage may end on another thread than it began on.
    /// </summary>
    private static void Apart(Action action)
    {
        Activity? current = Activity.Current;
        action();
        Activity.Current = current;
    }
}
