namespace Quantization.Orleans;

/// <summary>How a client waits for workers. Immutable.</summary>
public sealed record ClusterWorkPlaceOptions
{
    /// <summary>
    /// How long work waits while the cluster does not answer, or while no worker is there, before it fails with an
    /// <see cref="IOException"/>; a minute by default.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often results are asked for; 100 ms by default.</summary>
    public TimeSpan PollPeriod { get; init; } = TimeSpan.FromMilliseconds(100);
}
