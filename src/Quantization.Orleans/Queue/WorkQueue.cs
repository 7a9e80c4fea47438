using Quantization.Onnx;

namespace Quantization.Orleans;

/// <summary>
/// Hands work of clients to workers that ask for it, and keeps results until clients have them. Each item has one outcome, however many
/// workers ran it. All is in memory: when the queue is lost, clients send again what they wait for. Not safe for several threads.
/// </summary>
/// <param name="clock">Tells the time.</param>
/// <param name="settings">Times and limits.</param>
internal sealed class WorkQueue(TimeProvider clock, QueueSettings settings)
{
    private readonly Dictionary<string, QueueWorker> _workers = [];
    private readonly Dictionary<string, QueueWorker> _lost = [];
    private readonly Dictionary<string, DateTimeOffset> _clients = [];
    private readonly Dictionary<string, QueueItem> _items = [];
    private readonly LinkedList<QueueItem> _waiting = [];
    private readonly Dictionary<WorkKind, (double Seconds, long Samples)> _costs = [];
    private readonly DateTimeOffset _begun = clock.GetUtcNow();
    private string? _processor;

    /// <summary>Gives a worker work. It counts as announced by that.</summary>
    /// <param name="info">The worker.</param>
    /// <param name="takesShards">Whether all its threads are free, as shards need them.</param>
    /// <param name="most">How many items it takes.</param>
    public PullAnswer Pull(WorkerInfo info, bool takesShards, int most)
    {
        Expire();
        QueueWorker worker = _workers.GetValueOrDefault(info.Id) ?? Return(info.Id) ?? new QueueWorker(info);
        _workers[info.Id] = worker;
        worker.Seen = clock.GetUtcNow();
        worker.Refusal = FindRefusal(info);
        if (worker.Refusal is not null)
        {
            return new PullAnswer([], worker.Refusal, null);
        }

        _processor ??= info.Processor;
        string? warning = info.Processor == _processor ? null
            : $"{info.Name} has another processor ({info.Processor}) than the first worker ({_processor}), so results can "
                + "differ in their last bits.";
        List<QueuedItem> items = [];
        while (items.Count < most
            && (FindWaiting(info.Id, takesShards && items.Count == 0) ?? FindSlow(info.Id, takesShards && items.Count == 0)) is { } item)
        {
            item.Running[info.Id] = clock.GetUtcNow();
            items.Add(item.Item);
            if (item.Item.Kind == WorkKind.Shard)
            {
                break; // it takes all threads
            }
        }

        return new PullAnswer(items, null, warning);
    }

    /// <summary>Notes that a worker lives, and tells it which of its items nobody waits for any more.</summary>
    public IReadOnlyList<string> Beat(string workerId, IReadOnlyList<string> running)
    {
        if (_workers.TryGetValue(workerId, out QueueWorker? worker))
        {
            worker.Seen = clock.GetUtcNow();
        }
        else if (Return(workerId) is not null)
        {
            foreach (QueueItem item in running.Select(id => _items.GetValueOrDefault(id))
                .OfType<QueueItem>().Where(item => item.Outcome is null))
            {
                item.Losses = Math.Max(0, item.Losses - 1); // it was not the item that silenced the worker
                item.Running[workerId] = clock.GetUtcNow();
                _waiting.Remove(item);
            }
        }

        // A new queue knows nothing of work that its clients are about to send again.
        bool knowsAll = clock.GetUtcNow() - _begun > settings.ClientTimeout;
        return [.. running.Where(id => _items.TryGetValue(id, out QueueItem? item) ? item.Outcome is not null : knowsAll)];
    }

    /// <summary>Takes what a worker made of an item. The first result counts.</summary>
    public void Finish(string workerId, ItemOutcome outcome)
    {
        if (!_items.TryGetValue(outcome.Id, out QueueItem? item) || item.Outcome is not null)
        {
            return;
        }

        bool wasRunning = item.Running.Remove(workerId, out DateTimeOffset since);
        if (outcome.Failure is { IsOfInput: false } failure)
        {
            item.Failed.Add(workerId);
            item.LastFailure = (outcome, clock.GetUtcNow());
            if (item.Failed.Count >= settings.MostFailures)
            {
                End(item, outcome);
            }
            else if (item.Running.Count == 0)
            {
                Wait(item);
            }

            return;
        }

        if (wasRunning && _workers.TryGetValue(workerId, out QueueWorker? worker) && outcome.Failure is null)
        {
            worker.Items++;
            worker.Samples += item.Item.Samples;
            (double seconds, long samples) = _costs.GetValueOrDefault(item.Item.Kind);
            _costs[item.Item.Kind] = (seconds + (clock.GetUtcNow() - since).TotalSeconds, samples + item.Item.Samples);
        }

        End(item, outcome);
    }

    /// <summary>Takes new items of a client, and gives it what ended.</summary>
    public ClientAnswer Exchange(ClientRequest request)
    {
        _clients[request.Client] = clock.GetUtcNow();
        _processor = request.Processor ?? _processor;
        foreach (QueuedItem item in request.New)
        {
            // What failed for a client that is gone may succeed now, with other workers.
            if (!_items.TryGetValue(item.Id, out QueueItem? known)
                || (known.Outcome?.Failure is not null && !known.Clients.Contains(request.Client)))
            {
                _items[item.Id] = known = new QueueItem(item);
                _waiting.AddLast(known);
            }

            known.Clients.Add(request.Client);
        }

        HashSet<string> wanted = [.. request.Waiting];
        Drop(request.Client, id => !wanted.Contains(id));
        Expire();
        List<ItemOutcome> outcomes = [];
        long bytes = 0;
        foreach (ItemOutcome outcome in request.Waiting.Select(id => _items.GetValueOrDefault(id)?.Outcome).OfType<ItemOutcome>())
        {
            bytes += outcome.Result?.Length ?? 0;
            if (outcomes.Count > 0 && bytes > settings.MostAnswerBytes)
            {
                break;
            }

            outcomes.Add(outcome);
        }

        return new ClientAnswer(outcomes, [.. request.Waiting.Where(id => !_items.ContainsKey(id))], Status(), _processor);
    }

    /// <summary>How work stands.</summary>
    public ClusterStatus Status() => new(
        [
            .. _workers.Values.OrderBy(worker => worker.Info.Name, StringComparer.Ordinal).Select(worker => new WorkerStatus(
                worker.Info,
                worker.Items,
                worker.Samples,
                _items.Values.Count(item => item.Running.ContainsKey(worker.Info.Id)),
                worker.Refusal)),
        ],
        _waiting.Count,
        _items.Values.Count(item => item.Running.Count > 0));

    private string? FindRefusal(WorkerInfo info) => _processor is null || info.Processor == _processor || info.AllowsOtherProcessors ? null
        : $"{info.Name} has another processor ({info.Processor}) than the first worker ({_processor}), so results could "
            + "differ in their last bits; "
            + "start it on a machine like the others, or allow other processors where that does not matter.";

    private QueueItem? FindWaiting(string worker, bool takesShards)
    {
        for (LinkedListNode<QueueItem>? node = _waiting.First; node is not null; node = node.Next)
        {
            if ((takesShards || node.Value.Item.Kind != WorkKind.Shard) && !node.Value.Failed.Contains(worker))
            {
                _waiting.Remove(node);
                return node.Value;
            }
        }

        return null;
    }

    /// <summary>
    /// An item that another worker takes too long for: at the end of a job no client should wait for the slowest machine.
    /// </summary>
    private QueueItem? FindSlow(string worker, bool takesShards) => _items.Values
        .Where(item => item.Outcome is null && item.Running.Count == 1 && !item.Running.ContainsKey(worker) && !item.Failed.Contains(worker)
            && (takesShards || item.Item.Kind != WorkKind.Shard)
            && clock.GetUtcNow() - item.Running.Values.First() > PatienceWith(item.Item))
        .MinBy(item => item.Running.Values.First());

    private TimeSpan PatienceWith(QueuedItem item)
    {
        (double seconds, long samples) = _costs.GetValueOrDefault(item.Kind);
        TimeSpan usual = samples == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(settings.SecondFactor * seconds * item.Samples / samples);
        return usual > settings.SecondAfter ? usual : settings.SecondAfter;
    }

    /// <summary>Whether all workers that are there have failed at an item. One that is silent for a moment may come back.</summary>
    private bool HasNoWorker(QueueItem item) => _workers.Values.All(each => each.Refusal is not null || item.Failed.Contains(each.Info.Id));

    private void Wait(QueueItem item) => _waiting.AddFirst(item);

    private void End(QueueItem item, ItemOutcome outcome)
    {
        item.Outcome = outcome;
        item.Running.Clear();
        _waiting.Remove(item);
    }

    private void Expire()
    {
        DateTimeOffset now = clock.GetUtcNow();
        foreach (string worker in _workers.Values.Where(each => now - each.Seen > settings.WorkerTimeout)
            .Select(each => each.Info.Id).ToArray())
        {
            Lose(worker);
        }

        foreach (string client in _clients.Where(each => now - each.Value > settings.ClientTimeout).Select(each => each.Key).ToArray())
        {
            _clients.Remove(client);
            Drop(client, _ => true);
        }

        foreach (QueueItem item
            in _waiting.Where(item => item.LastFailure is { } last && now - last.Time > settings.WorkerTimeout && HasNoWorker(item))
                .ToArray())
        {
            End(item, item.LastFailure!.Value.Outcome);
        }

        if (_items.Count == 0 && _workers.Values.All(worker => worker.Refusal is not null))
        {
            _processor = null; // whoever comes next is the first
        }
    }

    /// <summary>Takes back a worker that was only silent; null where it was never lost.</summary>
    private QueueWorker? Return(string worker)
    {
        if (!_lost.Remove(worker, out QueueWorker? back))
        {
            return null;
        }

        back.Seen = clock.GetUtcNow();
        return _workers[worker] = back;
    }

    private void Lose(string worker)
    {
        string name = _workers[worker].Info.Name;
        _lost[worker] = _workers[worker];
        _workers.Remove(worker);
        foreach (QueueItem item in _items.Values.Where(item => item.Running.Remove(worker)).ToArray())
        {
            item.Losses++;
            if (item.Losses >= settings.MostLosses)
            {
                End(item, new ItemOutcome(item.Item.Id)
                {
                    Failure = new ItemFailure(
                        FailureKind.Worker,
                        $"{item.Item.Name}: {item.Losses} workers were lost while they ran it, the last of them {name}; see what they "
                            + "wrote before they ended."),
                });
            }
            else if (item.Running.Count == 0)
            {
                Wait(item);
            }
        }
    }

    private void Drop(string client, Predicate<string> isDropped)
    {
        foreach (QueueItem item
            in _items.Values.Where(item => isDropped(item.Item.Id) && item.Clients.Remove(client) && item.Clients.Count == 0).ToArray())
        {
            _items.Remove(item.Item.Id);
            _waiting.Remove(item);
        }
    }
}
