namespace Quantization.Orleans;

/// <summary>What a worker has done. Immutable.</summary>
/// <param name="Worker">The worker.</param>
/// <param name="Items">How many shards and trials it finished first.</param>
/// <param name="Samples">How many samples these ran.</param>
/// <param name="Running">How many it runs now.</param>
/// <param name="Refusal">Why it gets no work; null where it does.</param>
[GenerateSerializer]
[Alias("quantization.workerStatus")]
public sealed record WorkerStatus(WorkerInfo Worker, long Items, long Samples, int Running, string? Refusal);
