namespace Quantization.Extensions.AI.Search;

/// <summary>How a column compares vectors.</summary>
internal enum DistanceKind
{
    CosineSimilarity,
    CosineDistance,
    DotProductSimilarity,
    NegativeDotProductSimilarity,
    EuclideanDistance,
    EuclideanSquaredDistance,
    HammingDistance,
}
