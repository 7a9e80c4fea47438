using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Quantization.Onnx;

namespace Quantization.Orleans;

/// <summary>
/// Works for the cluster as long as the silo lives: asks for work, runs it on threads outside of Orleans' scheduler, and tells that it
/// lives. Calls that fail are made again, since a silo that is lost takes the queue with it until another has it.
/// </summary>
internal sealed partial class WorkerLoop : IDisposable
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan PauseOfRefused = TimeSpan.FromSeconds(2);

    /// <summary>A result that cannot be told for twice as long is given up: its client has sent the item again.</summary>
    private static readonly TimeSpan LongestEffort = TimeSpan.FromSeconds(20);

    private readonly QuantizationWorkerOptions _options;
    private readonly IWorkQueueGrain _queue;
    private readonly ILogger<WorkerLoop> _log;
    private readonly WorkRunner _runner;
    private readonly WorkerInfo _info;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, (CancellationTokenSource Stop, bool IsShard)> _running = [];
    private readonly SemaphoreSlim _ended = new(0);
    private string? _notice = ""; // so that the first answer is told

    /// <param name="options">The options.</param>
    /// <param name="grains">Finds the queue.</param>
    /// <param name="log">Reports refusals and failures.</param>
    public WorkerLoop(QuantizationWorkerOptions options, IGrainFactory grains, ILogger<WorkerLoop> log)
    {
        _options = options;
        _queue = grains.GetGrain<IWorkQueueGrain>(WorkQueueGrain.Key);
        _log = log;
        _runner = new WorkRunner(options.Storage!, options.Threads);
        _info = new WorkerInfo
        {
            Id = Guid.NewGuid().ToString("N"),
            Name = options.Name,
            Threads = options.Threads,
            Cores = Environment.ProcessorCount,
            MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            Processor = WorkRunner.Processor,
            Versions = WorkRunner.Versions,
            AllowsOtherProcessors = options.AllowOtherProcessors,
        };
    }

    /// <summary>Begins to work.</summary>
    public void Start()
    {
        _ = Task.Run(PullAll);
        _ = Task.Run(BeatAll);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _stop.Cancel();
        foreach ((CancellationTokenSource stop, bool _) in _running.Values)
        {
            stop.Cancel();
        }
    }

    private async Task PullAll()
    {
        TimeSpan pause = ShortestPause;
        while (!_stop.IsCancellationRequested)
        {
            int free = _options.Threads - _running.Count;
            if (free <= 0 || _running.Values.Any(each => each.IsShard))
            {
                await Wait(LongestPause).ConfigureAwait(false);
                continue;
            }

            try
            {
                PullAnswer answer = await _queue.Pull(_info, _running.IsEmpty, free).ConfigureAwait(false);
                Tell(answer.Refusal ?? answer.Warning);
                foreach (QueuedItem item in answer.Items)
                {
                    Begin(item);
                }

                pause = answer.Items.Count > 0 ? ShortestPause : pause * 2 > LongestPause ? LongestPause : pause * 2;
                await Wait(answer.Refusal is null ? pause : PauseOfRefused).ConfigureAwait(false);
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                LogSilence(e.Message);
                await Wait(LongestPause).ConfigureAwait(false);
            }
        }
    }

    private async Task BeatAll()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                foreach (string id in await _queue.Beat(_info.Id, [.. _running.Keys]).ConfigureAwait(false))
                {
                    if (_running.TryGetValue(id, out (CancellationTokenSource Stop, bool) item))
                    {
                        await item.Stop.CancelAsync().ConfigureAwait(false);
                    }
                }
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                LogSilence(e.Message);
            }

            await Task.Delay(_options.BeatPeriod, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private void Begin(QueuedItem item)
    {
        CancellationTokenSource stop = new();
        if (!_running.TryAdd(item.Id, (stop, item.Kind == WorkKind.Shard)))
        {
            stop.Dispose();
            return; // it runs here already
        }

        _ = Task.Factory.StartNew(
            () => Run(item, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .ContinueWith(ended => Finish(item, ended.Result), TaskScheduler.Default);
    }

    /// <summary>Runs an item; null where nobody wants it any more.</summary>
    private ItemOutcome? Run(QueuedItem item, CancellationToken token)
    {
        try
        {
            ReadOnlyMemory<byte> result = _options.Run(_runner, item.ToItem(), token);
            if (result.Length <= _options.MostMessageBytes)
            {
                return new ItemOutcome(item.Id) { Result = result.ToArray() };
            }

            string name = $"transfer/{item.Id}.{_info.Id}";
            _options.Storage!.Write(name, stream => stream.Write(result.Span));
            return new ItemOutcome(item.Id) { StoredAs = name };
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            return null;
        }
#pragma warning disable CA1031 // Whatever happens to an item, the client is told and the worker goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailure(item.Name, e.Message);
            return new ItemOutcome(item.Id) { Failure = ItemFailure.Of(e, _info.Name) };
        }
    }

    private async Task Finish(QueuedItem item, ItemOutcome? outcome)
    {
        for (TimeSpan pause = ShortestPause; outcome is not null && pause < LongestEffort && !_stop.IsCancellationRequested; pause *= 2)
        {
            try
            {
                await _queue.Finish(_info.Id, outcome).ConfigureAwait(false);
                break;
            }
#pragma warning disable CA1031 // A silo that is lost makes calls fail in many ways; another takes over.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogSilence(e.Message);
                await Task.Delay(pause, CancellationToken.None).ConfigureAwait(false);
            }
        }

        if (_running.TryRemove(item.Id, out (CancellationTokenSource Stop, bool) ended))
        {
            ended.Stop.Dispose();
        }

        _ended.Release();
    }

    /// <summary>Waits until an item ends, at most for a pause.</summary>
    private async Task Wait(TimeSpan pause)
    {
        if (await _ended.WaitAsync(pause).ConfigureAwait(false))
        {
            while (await _ended.WaitAsync(0).ConfigureAwait(false))
            {
                // all that ended meanwhile is one reason to go on
            }
        }
    }

    private void Tell(string? notice)
    {
        if (notice == _notice)
        {
            return;
        }

        _notice = notice;
        if (notice is not null)
        {
            LogNotice(notice);
        }

        _options.Notice?.Invoke(notice);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Notice}")]
    private partial void LogNotice(string notice);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Item} failed: {Reason}")]
    private partial void LogFailure(string item, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The queue does not answer: {Reason}")]
    private partial void LogSilence(string reason);
}
