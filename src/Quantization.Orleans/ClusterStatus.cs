namespace Quantization.Orleans;

/// <summary>How work of all clients stands. Immutable.</summary>
/// <param name="Workers">The workers that are there.</param>
/// <param name="Waiting">How many shards and trials wait for a worker.</param>
/// <param name="Running">How many run.</param>
[GenerateSerializer]
[Alias("quantization.clusterStatus")]
public sealed record ClusterStatus(IReadOnlyList<WorkerStatus> Workers, int Waiting, int Running)
{
    /// <summary>No worker and no work.</summary>
    internal static ClusterStatus None { get; } = new([], 0, 0);
}
