using Microsoft.Extensions.AI;

namespace Quantization.Extensions.AI;

/// <summary>How the collections of a <see cref="QuantizedVectorStore"/> are made.</summary>
public sealed class QuantizedVectorStoreOptions
{
    /// <summary>Makes vectors of what records and searches give instead of vectors; null where all give vectors.</summary>
    public IEmbeddingGenerator? EmbeddingGenerator { get; set; }

    /// <summary>
    /// How collections keep and search vectors; null for the defaults. The definition and the generator of these options are not used.
    /// </summary>
    public QuantizedCollectionOptions? Collections { get; set; }
}
