using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;
using Microsoft.Extensions.VectorData.ProviderServices;
using Quantization.Extensions.AI.Search;

namespace Quantization.Extensions.AI.Store;

/// <summary>Reads attributes and definitions of records, and says what this store takes.</summary>
internal sealed class CollectionModelFactory() : CollectionModelBuilder(BuildingOptions)
{
    /// <summary>The dimensions up to which sums of products fit 32 bits.</summary>
    private const int MaxDimensions = 65_793;

    private static readonly CollectionModelBuildingOptions BuildingOptions = new()
    {
        SupportsMultipleVectors = true,
        RequiresAtLeastOneVector = false,
    };

    /// <inheritdoc/>
    protected override IReadOnlyList<EmbeddingGenerationDispatcher> EmbeddingGenerationDispatchers { get; } =
    [
        EmbeddingGenerationDispatcher.Create<Embedding<float>>(),
        EmbeddingGenerationDispatcher.Create<Embedding<Half>>(),
        EmbeddingGenerationDispatcher.Create<Embedding<sbyte>>(),
        EmbeddingGenerationDispatcher.Create<BinaryEmbedding>(),
    ];

    /// <summary>The columns of a model's vector properties.</summary>
    /// <exception cref="ArgumentException">A property asks for what this store does not have.</exception>
    public static VectorColumn[] Columns(CollectionModel model, QuantizedCollectionOptions options) =>
        [.. model.VectorProperties.Select(property => Column(property, options))];

    /// <inheritdoc/>
    protected override bool IsDataPropertyTypeValid(Type type, [NotNullWhen(false)] out string? supportedTypes)
    {
        supportedTypes = "any";
        return true;
    }

    /// <inheritdoc/>
    protected override bool IsVectorPropertyTypeValid(Type type, [NotNullWhen(false)] out string? supportedTypes)
    {
        supportedTypes = VectorReader.SupportedTypes;
        return VectorReader.IsSupported(type);
    }

    private static VectorColumn Column(VectorPropertyModel property, QuantizedCollectionOptions options)
    {
        string name = property.ModelName;
        if (property.Dimensions is <= 0 or > MaxDimensions)
        {
            throw new ArgumentException(
                $"The property '{name}' has {property.Dimensions} dimensions; this store takes 1 to {MaxDimensions}.");
        }

        if (property.IndexKind is not (null or IndexKind.Flat or IndexKind.QuantizedFlat))
        {
            throw new ArgumentException(
                $"The property '{name}' has the index kind {property.IndexKind}; "
                + $"use {IndexKind.Flat} (all codes) or {IndexKind.QuantizedFlat} (bits first).");
        }

        bool isBinary = VectorReader.IsBinary(property.EmbeddingType);
        bool isKnown = isBinary
            ? property.DistanceFunction is null or DistanceFunction.HammingDistance
            : DistanceKinds.IsForCodes(property.DistanceFunction);
        if (!isKnown)
        {
            throw new ArgumentException(
                $"The property '{name}' has the distance function {property.DistanceFunction}; "
                + $"use {(isBinary ? DistanceFunction.HammingDistance : "a cosine, dot product or Euclidean one")}.");
        }

        ColumnSettings settings = new(
            name,
            VectorReader.IsSupported(property.Type) ? property.Type : property.EmbeddingType,
            property.Dimensions,
            DistanceKinds.Parse(property.DistanceFunction, isBinary ? DistanceKind.HammingDistance : DistanceKind.CosineSimilarity),
            property.IndexKind == IndexKind.QuantizedFlat,
            options.KeepVectors,
            options.CandidatesPerResult,
            options.FewestCandidates);
        return isBinary ? new BitColumn(settings) : new Int8Column(settings);
    }
}
