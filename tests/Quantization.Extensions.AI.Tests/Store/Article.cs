using Microsoft.Extensions.VectorData;

namespace Quantization.Extensions.AI.Tests.Store;

/// <summary>A record with a vector of four dimensions.</summary>
public sealed class Article
{
    [VectorStoreKey]
    public int Id { get; set; }

    [VectorStoreData]
    public string? Title { get; set; }

    [VectorStoreData]
    public string[] Tags { get; set; } = [];

    [VectorStoreData]
    public double Price { get; set; }

    [VectorStoreVector(4)]
    public ReadOnlyMemory<float> Vector { get; set; }
}
