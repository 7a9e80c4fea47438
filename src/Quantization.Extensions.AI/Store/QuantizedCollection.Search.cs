using System.Runtime.CompilerServices;
using Microsoft.Extensions.VectorData;
using Microsoft.Extensions.VectorData.ProviderServices;
using Quantization.Extensions.AI.Search;
using Quantization.Extensions.AI.Store;

namespace Quantization.Extensions.AI;

public partial class QuantizedCollection<TKey, TRecord>
{
    /// <summary>
    /// Finds the records with the nearest vectors, the nearest first. A search with cosines finds nothing for a vector of zeros, and no
    /// record with one.
    /// </summary>
    /// <typeparam name="TInput">
    /// A vector of any type that properties may have, or what the collection's embedding generator takes.
    /// </typeparam>
    /// <param name="searchValue">What is searched for.</param>
    /// <param name="top">How many records are wanted.</param>
    /// <param name="options">
    /// A filter, which all results pass; records to skip; a threshold of scores: the least similarity or the greatest distance.
    /// </param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <exception cref="ArgumentException">
    /// The vector has other dimensions, values that are not finite, or a type that needs a generator; or the filter asks for a vector.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="top"/> is not positive.</exception>
    /// <exception cref="VectorStoreException">The collection does not exist.</exception>
    public override IAsyncEnumerable<VectorSearchResult<TRecord>> SearchAsync<TInput>(
        TInput searchValue, int top, VectorSearchOptions<TRecord>? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(searchValue);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(top);
        options ??= new VectorSearchOptions<TRecord>();
        bool includesVectors = IncludesVectors(options.IncludeVectors);
        VectorPropertyModel property = _model.GetVectorPropertyOrSingle(options);
        Func<TRecord, bool>? filter = options.Filter is null ? null : FilterCheck.Compile(options.Filter, _model);
        return SearchAsync(searchValue, property, top, options, filter, includesVectors, cancellationToken);
    }

    private async IAsyncEnumerable<VectorSearchResult<TRecord>> SearchAsync(
        object searchValue,
        VectorPropertyModel property,
        int top,
        VectorSearchOptions<TRecord> options,
        Func<TRecord, bool>? filter,
        bool includesVectors,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ThrowUnlessExists("Search");
        object vector = searchValue;
        if (!VectorReader.IsVector(searchValue))
        {
            vector = property.EmbeddingGenerationDispatcher is null
                ? throw new ArgumentException(
                    VectorDataStrings.InvalidSearchInputAndNoEmbeddingGeneratorWasConfigured(
                        searchValue.GetType(), VectorReader.SupportedTypes),
                    nameof(searchValue))
                : await property.GenerateEmbeddingAsync(searchValue, cancellationToken).ConfigureAwait(false);
        }

        int index = _model.VectorProperties.ToList().IndexOf(property);
        List<VectorSearchResult<TRecord>> results = _data.Read(() =>
        {
            ThrowUnlessExists("Search");
            VectorColumn column = _data.Columns[index];
            Func<int, bool>? accepts = filter is null ? null : row => filter(_data.Records[row].Record);
            int wanted = (int)Math.Min((long)top + options.Skip, int.MaxValue);
            return column.Search(column.PrepareQuery(vector), wanted, accepts, cancellationToken)
                .Where(found => IsWithin(found.Score, options.ScoreThreshold, column.IsSimilarity))
                .Skip(options.Skip)
                .Select(found => new VectorSearchResult<TRecord>(Copy(found.Row, includesVectors), found.Score))
                .ToList();
        });
        foreach (VectorSearchResult<TRecord> result in results)
        {
            yield return result;
        }
    }

    private static bool IsWithin(double score, double? threshold, bool isSimilarity) =>
        threshold is not double limit || (isSimilarity ? score >= limit : score <= limit);
}
