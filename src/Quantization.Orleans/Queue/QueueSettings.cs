namespace Quantization.Orleans;

/// <summary>The times and limits of a <see cref="WorkQueue"/>.</summary>
internal sealed record QueueSettings
{
    /// <summary>After this silence a worker counts as lost, and others get its work.</summary>
    public TimeSpan WorkerTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>After this silence the work of a client is dropped.</summary>
    public TimeSpan ClientTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>No item is given to a second worker before it ran this long.</summary>
    public TimeSpan SecondAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>An item is given to a second worker when it took so many times as long as others of its size.</summary>
    public double SecondFactor { get; init; } = 1.5;

    /// <summary>So many workers may fail at an item.</summary>
    public int MostFailures { get; init; } = 3;

    /// <summary>So many workers may be lost with an item.</summary>
    public int MostLosses { get; init; } = 5;

    /// <summary>The most bytes of results in one answer.</summary>
    public long MostAnswerBytes { get; init; } = 32 << 20;
}
