namespace Quantization.Orleans;

/// <summary>The <see cref="WorkQueue"/> of a cluster. Calls are short: nobody waits in one for work or for a result.</summary>
[Alias("quantization.queue")]
internal interface IWorkQueueGrain : IGrainWithStringKey
{
    /// <summary>See <see cref="WorkQueue.Pull"/>.</summary>
    [Alias("pull")]
    [ResponseTimeout("00:00:10")]
    Task<PullAnswer> Pull(WorkerInfo worker, bool takesShards, int most);

    /// <summary>See <see cref="WorkQueue.Beat"/>.</summary>
    [Alias("beat")]
    [ResponseTimeout("00:00:10")]
    Task<IReadOnlyList<string>> Beat(string worker, IReadOnlyList<string> running);

    /// <summary>See <see cref="WorkQueue.Finish"/>.</summary>
    [Alias("finish")]
    [ResponseTimeout("00:00:20")]
    Task Finish(string worker, ItemOutcome outcome);

    /// <summary>See <see cref="WorkQueue.Exchange"/>.</summary>
    [Alias("exchange")]
    [ResponseTimeout("00:00:20")]
    Task<ClientAnswer> Exchange(ClientRequest request);
}
