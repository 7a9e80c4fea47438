using Microsoft.Extensions.VectorData;

/// <summary>
/// What is stored. The generator turns the text into a vector; <see cref="IndexKind.QuantizedFlat"/> searches bits first.
/// </summary>
internal sealed class Sentence
{
    [VectorStoreKey]
    public int Id { get; set; }

    [VectorStoreData]
    public string Text { get; set; } = "";

    [VectorStoreData]
    public int Length { get; set; }

    [VectorStoreVector(
        TrigramGenerator.Dimensions, IndexKind = IndexKind.QuantizedFlat, DistanceFunction = DistanceFunction.CosineSimilarity)]
    public string Vector => Text;
}
