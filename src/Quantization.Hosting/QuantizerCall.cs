using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Quantization.Onnx;

namespace Quantization.Hosting;

/// <summary>One call of a quantizer: waits for its turn, works, and tells logs and an activity what became of it.</summary>
/// <param name="quantizer">The registered name.</param>
/// <param name="model">The name of the model.</param>
/// <param name="output">The name of the output.</param>
/// <param name="way">How it is quantized.</param>
/// <param name="options">The checked options.</param>
/// <param name="free">Counts the calls that may still begin.</param>
/// <param name="logger">Where to log.</param>
/// <param name="clock">Tells the time.</param>
internal sealed class QuantizerCall(
    string quantizer, string model, string output, string way, ModelQuantizerOptions options, SemaphoreSlim free, ILogger logger,
    TimeProvider clock)
{
    private long _began;
    private Activity? _activity;

    private long ElapsedMs => (long)clock.GetElapsedTime(_began).TotalMilliseconds;

    /// <summary>Waits, works and tells.</summary>
    /// <param name="work">The work, which reports to what it is given.</param>
    /// <param name="tell">Tells a result.</param>
    /// <param name="progress">Receives all progress; null if nothing listens.</param>
    /// <param name="cancellationToken">Stops the wait; the work has it too.</param>
    public async Task<T> RunAsync<T>(
        Func<IProgress<QuantizationProgress>, Task<T>> work, Action<T> tell, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        _began = clock.GetTimestamp();
        using Activity? activity = QuantizationTelemetry.Source.StartActivity(QuantizationTelemetry.CallActivityName);
        _activity = activity?.SetTag("quantization.quantizer", quantizer)
            .SetTag("quantization.model", model).SetTag("quantization.way", way);
        StageJournal journal = new(model, activity, progress, options.ProgressInterval, logger, clock);
        try
        {
            await WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                Log.Started(logger, model, way);
                T result = await work(journal).ConfigureAwait(false);
                journal.End();
                tell(result);
                return result;
            }
            finally
            {
                free.Release();
            }
        }
        catch (OperationCanceledException)
        {
            journal.End();
            activity?.SetTag("quantization.cancelled", true);
            Log.Cancelled(logger, model, ElapsedMs);
            throw;
        }
        catch (Exception e)
        {
            journal.End();
            activity?.SetStatus(ActivityStatusCode.Error, e.Message).AddException(e);
            Log.Failed(logger, e, model, e.Message);
            throw;
        }
    }

    /// <summary>Tells what became of a quantized model.</summary>
    public void Tell(PtqResult result)
    {
        _activity?.SetTag("quantization.model.bytes", result.ModelBytes)
            .SetTag("quantization.output.bytes", result.OutputBytes)
            .SetTag("quantization.int8_nodes", result.Int8Nodes)
            .SetTag("quantization.warnings", result.Warnings.Count);
        Log.Finished(logger, model, result.ModelBytes, result.OutputBytes, output, ElapsedMs, result.Int8Nodes);
        foreach (Advice warning in result.Warnings)
        {
            Log.Advised(logger, model, warning.Message, warning.Code);
        }
    }

    /// <summary>Tells what was picked.</summary>
    public void Tell(AutoResult result)
    {
        string picked = result.Chosen?.Way.ToString() ?? "nothing";
        _activity?.SetTag("quantization.model.bytes", result.FloatBytes).SetTag("quantization.picked", picked);
        Log.Decided(logger, model, picked, ElapsedMs, result.Summary.Message);
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        if (!free.Wait(0, cancellationToken))
        {
            Log.Waiting(logger, model, options.MaxConcurrency);
            await free.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
