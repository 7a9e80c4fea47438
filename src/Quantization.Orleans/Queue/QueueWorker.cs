namespace Quantization.Orleans;

/// <summary>A worker in a <see cref="WorkQueue"/>.</summary>
/// <param name="info">The worker.</param>
internal sealed class QueueWorker(WorkerInfo info)
{
    /// <summary>The worker.</summary>
    public WorkerInfo Info => info;

    /// <summary>When it was last heard of.</summary>
    public DateTimeOffset Seen { get; set; }

    /// <summary>Why it gets no work; null where it does.</summary>
    public string? Refusal { get; set; }

    /// <summary>How many items it finished first.</summary>
    public long Items { get; set; }

    /// <summary>How many samples these ran.</summary>
    public long Samples { get; set; }
}
