namespace Quantization.Orleans;

/// <summary>
/// The queue of a cluster, on one of its silos. When that silo is lost, another one begins an empty queue, which clients fill again.
/// </summary>
/// <param name="settings">Times and limits.</param>
[KeepAlive]
internal sealed class WorkQueueGrain(QueueSettings settings) : Grain, IWorkQueueGrain
{
    /// <summary>The key of the one queue of a cluster.</summary>
    public const string Key = "queue";

    private readonly WorkQueue _queue = new(TimeProvider.System, settings);

    /// <inheritdoc />
    public Task<PullAnswer> Pull(WorkerInfo worker, bool takesShards, int most) => Task.FromResult(_queue.Pull(worker, takesShards, most));

    /// <inheritdoc />
    public Task<IReadOnlyList<string>> Beat(string worker, IReadOnlyList<string> running) => Task.FromResult(_queue.Beat(worker, running));

    /// <inheritdoc />
    public Task Finish(string worker, ItemOutcome outcome)
    {
        _queue.Finish(worker, outcome);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<ClientAnswer> Exchange(ClientRequest request) => Task.FromResult(_queue.Exchange(request));
}
