namespace Quantization.Orleans;

/// <summary>What a worker gets that asks for work.</summary>
/// <param name="Items">The work.</param>
/// <param name="Refusal">Why there is none and will be none; null where the worker is welcome.</param>
/// <param name="Warning">What the worker should tell its user; null for nothing.</param>
[GenerateSerializer]
[Alias("quantization.pullAnswer")]
internal sealed record PullAnswer(IReadOnlyList<QueuedItem> Items, string? Refusal, string? Warning);
