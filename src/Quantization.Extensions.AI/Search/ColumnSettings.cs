namespace Quantization.Extensions.AI.Search;

/// <summary>What a column is made for.</summary>
/// <param name="Property">The property's name, for messages.</param>
/// <param name="PropertyType">The type of what is read back.</param>
/// <param name="Dimensions">The dimensions of all vectors.</param>
/// <param name="Distance">How vectors are compared.</param>
/// <param name="HasBits">Whether candidates are found by bits.</param>
/// <param name="KeepsVectors">Whether floats are kept beside codes.</param>
/// <param name="CandidatesPerResult">How many candidates are ranked for each result that is wanted.</param>
/// <param name="FewestCandidates">How many candidates are ranked at least.</param>
internal sealed record ColumnSettings(
    string Property,
    Type PropertyType,
    int Dimensions,
    DistanceKind Distance,
    bool HasBits,
    bool KeepsVectors,
    int CandidatesPerResult,
    int FewestCandidates)
{
    /// <exception cref="ArgumentException">The dimensions differ.</exception>
    public void ThrowUnlessDimensions(int dimensions)
    {
        if (dimensions != Dimensions)
        {
            throw new ArgumentException(
                $"The vector for '{Property}' has {dimensions} dimensions; the collection's vectors have {Dimensions}.");
        }
    }

    public ArgumentException NotFinite() => new($"The vector for '{Property}' has a value that is not finite; codes need finite values.");

    public ArgumentException NotOfTheType(object? vector) => new(
        vector is null
            ? $"The vector of '{Property}' is null; each record needs one."
            : $"The vector for '{Property}' is of type {vector.GetType().Name}, which this property does not take.");
}
