namespace Quantization.Orleans;

/// <summary>An item in a <see cref="WorkQueue"/>.</summary>
/// <param name="item">The item.</param>
internal sealed class QueueItem(QueuedItem item)
{
    /// <summary>The item.</summary>
    public QueuedItem Item => item;

    /// <summary>The clients that want it.</summary>
    public HashSet<string> Clients { get; } = [];

    /// <summary>The workers that run it, and since when.</summary>
    public Dictionary<string, DateTimeOffset> Running { get; } = [];

    /// <summary>The workers that could not do it.</summary>
    public HashSet<string> Failed { get; } = [];

    /// <summary>What the last of them said, and when; null where none failed.</summary>
    public (ItemOutcome Outcome, DateTimeOffset Time)? LastFailure { get; set; }

    /// <summary>How many workers were lost while they ran it.</summary>
    public int Losses { get; set; }

    /// <summary>What became of it; null as long as it is not over.</summary>
    public ItemOutcome? Outcome { get; set; }
}
