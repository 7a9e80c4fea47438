namespace Quantization.Orleans;

/// <summary>What became of an item.</summary>
/// <param name="Id">The item.</param>
[GenerateSerializer]
[Alias("quantization.outcome")]
internal sealed record ItemOutcome([property: Id(0)] string Id)
{
    /// <summary>The result; null where it is in the storage, or where the item failed.</summary>
    [Id(1)]
    public byte[]? Result { get; init; }

    /// <summary>The name of the result in the storage; null where it is here.</summary>
    [Id(2)]
    public string? StoredAs { get; init; }

    /// <summary>Why the item failed; null where it did not.</summary>
    [Id(3)]
    public ItemFailure? Failure { get; init; }
}
