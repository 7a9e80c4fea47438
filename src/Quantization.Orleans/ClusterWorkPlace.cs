using System.Collections.Concurrent;
using System.Diagnostics;
using Quantization.Onnx;

namespace Quantization.Orleans;

/// <summary>
/// The workers of a cluster, as a client sees them: set it as <see cref="PtqOptions.Place"/> or <see cref="CalibrationOptions.Place"/>.
/// Items are sent to the cluster's queue, and results are asked for again and again, so that no call lasts long. What the cluster loses is
/// sent again.
/// </summary>
public sealed class ClusterWorkPlace : IWorkPlace, IAsyncDisposable
{
    /// <summary>The most items in one message.</summary>
    private const int MaxNew = 256;

    /// <summary>So many items a thread are on their way, so that no worker waits for the client.</summary>
    private const int ItemsAThread = 4;

    private const int MinCapacity = 8;

    private readonly IWorkQueueGrain _queue;
    private readonly ClusterWorkPlaceOptions _options;
    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly ConcurrentDictionary<string, Pending> _pending = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private string? _processor;
    private long _heard = Stopwatch.GetTimestamp();
    private long _worked = Stopwatch.GetTimestamp();

    /// <summary>Begins to ask the cluster.</summary>
    /// <param name="grains">The client, or the silo, that reaches the cluster.</param>
    /// <param name="storage">What this process and all workers can read.</param>
    /// <param name="options">Null for the defaults.</param>
    public ClusterWorkPlace(IGrainFactory grains, IWorkStorage storage, ClusterWorkPlaceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(grains);
        ArgumentNullException.ThrowIfNull(storage);
        Storage = storage;
        _options = options ?? new ClusterWorkPlaceOptions();
        _queue = grains.GetGrain<IWorkQueueGrain>(WorkQueueGrain.Key);
        _loop = Task.Run(ExchangeAll);
    }

    /// <inheritdoc />
    public IWorkStorage Storage { get; }

    /// <inheritdoc />
    public int Capacity =>
        Math.Max(MinCapacity, ItemsAThread * Status.Workers.Where(each => each.Refusal is null).Sum(each => each.Worker.Threads));

    /// <summary>How work stood when the cluster was last asked.</summary>
    public ClusterStatus Status { get; private set; } = ClusterStatus.None;

    /// <summary>Told each time the cluster was asked, by one thread at a time.</summary>
    public event Action<ClusterStatus>? StatusChanged;

    /// <inheritdoc />
    public async Task<ReadOnlyMemory<byte>> RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (_pending.IsEmpty)
        {
            _worked = Stopwatch.GetTimestamp(); // patience begins with the work
        }

        Pending pending = _pending.GetOrAdd(item.Id, _ => new Pending(QueuedItem.Of(item)));
        try
        {
            ItemOutcome outcome = await pending.Outcome.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return outcome.Failure is { } failure ? throw failure.ToException() : outcome.Result ?? Fetch(outcome.StoredAs!);
        }
        finally
        {
            _pending.TryRemove(item.Id, out _);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private byte[] Fetch(string name)
    {
        byte[] result = File.ReadAllBytes(Storage.GetPath(name));
        Storage.Delete(name);
        return result;
    }

    private async Task ExchangeAll()
    {
        while (!_stop.IsCancellationRequested)
        {
            bool isIdle = true;
            try
            {
                isIdle = !await ExchangeOnce().ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A silo that is lost makes calls fail in many ways; another takes over.
            catch (Exception e)
#pragma warning restore CA1031
            {
                FailWhere(
                    _heard,
                    $"the cluster has not answered for {_options.Patience.TotalSeconds:0} seconds: {e.Message.ReplaceLineEndings(" ")}");
            }

            await Task.Delay(isIdle ? _options.PollPeriod : TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Sends what is new and takes what ended.</summary>
    /// <returns>Whether there may be more at once.</returns>
    private async Task<bool> ExchangeOnce()
    {
        Pending[] all = [.. _pending.Values.Where(each => !each.Outcome.Task.IsCompleted)];
        Pending[] unsent = [.. all.Where(each => !each.IsSent).Take(MaxNew)];
        ClientAnswer answer = await _queue.Exchange(new ClientRequest(
            _id,
            [.. unsent.Select(each => each.Item)],
            [.. all.Where(each => each.IsSent).Concat(unsent).Select(each => each.Item.Id)],
            _processor)).ConfigureAwait(false);
        _heard = Stopwatch.GetTimestamp();
        foreach (Pending sent in unsent)
        {
            sent.IsSent = true;
        }

        foreach (string id in answer.Unknown)
        {
            if (_pending.TryGetValue(id, out Pending? lost))
            {
                lost.IsSent = false;
            }
        }

        foreach (ItemOutcome outcome in answer.Outcomes)
        {
            if (_pending.TryGetValue(outcome.Id, out Pending? ended))
            {
                _processor ??= answer.Processor;
                ended.Outcome.TrySetResult(outcome);
            }
        }

        Status = answer.Status;
        StatusChanged?.Invoke(Status);
        if (Status.Workers.Any(worker => worker.Refusal is null) || answer.Outcomes.Count > 0 || all.Length == 0)
        {
            _worked = Stopwatch.GetTimestamp();
        }

        string refusal = Status.Workers.Select(worker => worker.Refusal).FirstOrDefault(each => each is not null) is { } reason
            ? $": {reason}"
            : ".";
        FailWhere(
            _worked, $"no worker has taken work for {_options.Patience.TotalSeconds:0} seconds; start workers of this cluster{refusal}");
        return unsent.Length == MaxNew || answer.Outcomes.Count > 0;
    }

    /// <summary>Gives up what is waited for where nothing happened for too long.</summary>
    private void FailWhere(long last, string message)
    {
        if (Stopwatch.GetElapsedTime(last) < _options.Patience)
        {
            return;
        }

        foreach (Pending pending in _pending.Values)
        {
            pending.Outcome.TrySetResult(new ItemOutcome(pending.Item.Id) { Failure = new ItemFailure(FailureKind.Worker, message) });
        }
    }

    /// <summary>An item that is waited for.</summary>
    /// <param name="item">The item.</param>
    private sealed class Pending(QueuedItem item)
    {
        public QueuedItem Item => item;

        public bool IsSent { get; set; }

        public TaskCompletionSource<ItemOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
