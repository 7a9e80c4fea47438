namespace Quantization.Orleans;

/// <summary>What a client tells the queue each time.</summary>
/// <param name="Client">The client.</param>
/// <param name="New">New items, and those that the queue forgot.</param>
/// <param name="Waiting">All items that the client waits for. Others of its items are not wanted any more.</param>
/// <param name="Processor">The processor that the client's results so far come from; null where there are none.</param>
[GenerateSerializer]
[Alias("quantization.clientRequest")]
internal sealed record ClientRequest(string Client, IReadOnlyList<QueuedItem> New, IReadOnlyList<string> Waiting, string? Processor);
