namespace Quantization.Orleans;

/// <summary>What the queue answers a client.</summary>
/// <param name="Outcomes">What ended.</param>
/// <param name="Unknown">The items that the client has to send again.</param>
/// <param name="Status">How work stands.</param>
/// <param name="Processor">The processor that all workers have; null where there is no worker yet.</param>
[GenerateSerializer]
[Alias("quantization.clientAnswer")]
internal sealed record ClientAnswer(
    IReadOnlyList<ItemOutcome> Outcomes, IReadOnlyList<string> Unknown, ClusterStatus Status, string? Processor);
