using Microsoft.Extensions.VectorData;

namespace Quantization.Extensions.AI.Search;

/// <summary>What the names of distance functions mean here.</summary>
internal static class DistanceKinds
{
    /// <summary>Whether a name is known for vectors of int8 codes.</summary>
    public static bool IsForCodes(string? name) =>
        name is null || (TryParse(name, out DistanceKind kind) && kind != DistanceKind.HammingDistance);

    /// <summary>The kind that a name stands for; null is the default.</summary>
    public static DistanceKind Parse(string? name, DistanceKind byDefault) =>
        name is not null && TryParse(name, out DistanceKind kind) ? kind : byDefault;

    /// <summary>Whether larger scores are nearer.</summary>
    public static bool IsSimilarity(DistanceKind kind) => kind is DistanceKind.CosineSimilarity or DistanceKind.DotProductSimilarity;

    public static bool IsCosine(DistanceKind kind) => kind is DistanceKind.CosineSimilarity or DistanceKind.CosineDistance;

    public static bool IsEuclidean(DistanceKind kind) => kind is DistanceKind.EuclideanDistance or DistanceKind.EuclideanSquaredDistance;

    private static bool TryParse(string name, out DistanceKind kind)
    {
        (bool known, kind) = name switch
        {
            DistanceFunction.CosineSimilarity => (true, DistanceKind.CosineSimilarity),
            DistanceFunction.CosineDistance => (true, DistanceKind.CosineDistance),
            DistanceFunction.DotProductSimilarity => (true, DistanceKind.DotProductSimilarity),
            DistanceFunction.NegativeDotProductSimilarity => (true, DistanceKind.NegativeDotProductSimilarity),
            DistanceFunction.EuclideanDistance => (true, DistanceKind.EuclideanDistance),
            DistanceFunction.EuclideanSquaredDistance => (true, DistanceKind.EuclideanSquaredDistance),
            DistanceFunction.HammingDistance => (true, DistanceKind.HammingDistance),
            _ => (false, default),
        };
        return known;
    }
}
