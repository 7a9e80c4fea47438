using System.Collections.Concurrent;
using Microsoft.Extensions.VectorData;
using Microsoft.Extensions.VectorData.ProviderServices;
using Quantization.Extensions.AI.Store;

namespace Quantization.Extensions.AI;

/// <summary>
/// Collections in memory whose vectors are codes: <see cref="QuantizedCollection{TKey, TRecord}"/>. For those who search among up to some
/// million vectors and want no database. Safe for several threads.
/// </summary>
/// <example><code>
/// using QuantizedVectorStore store = new();
/// VectorStoreCollection&lt;int, Article&gt; articles = store.GetCollection&lt;int, Article&gt;("articles");
/// await articles.EnsureCollectionExistsAsync();
/// await articles.UpsertAsync(article);
/// </code></example>
public sealed class QuantizedVectorStore : VectorStore
{
    private readonly ConcurrentDictionary<string, ICollectionData> _collections = new();
    private readonly QuantizedVectorStoreOptions _options;

    /// <param name="options">How collections are made; null for the defaults.</param>
    public QuantizedVectorStore(QuantizedVectorStoreOptions? options = null) => _options = options ?? new QuantizedVectorStoreOptions();

    /// <summary>
    /// Gives a collection. All that have the same name share their records, and need the same types and definition of vectors.
    /// </summary>
    /// <typeparam name="TKey">The type of keys.</typeparam>
    /// <typeparam name="TRecord">The type of records.</typeparam>
    /// <param name="name">The collection's name.</param>
    /// <param name="definition">The definition of records; null where attributes tell it.</param>
    /// <exception cref="ArgumentException">
    /// The collection has other types or vectors, records are dictionaries (see <see cref="GetDynamicCollection"/>), or a property asks for
    /// what this store does not have.
    /// </exception>
    public override VectorStoreCollection<TKey, TRecord> GetCollection<TKey, TRecord>(
        string name, VectorStoreCollectionDefinition? definition = null) =>
        typeof(TRecord) == typeof(Dictionary<string, object?>)
            ? throw new ArgumentException(VectorDataStrings.GetCollectionWithDictionaryNotSupported)
            : new QuantizedCollection<TKey, TRecord>(name, Options(definition), make => Share(name, make));

    /// <inheritdoc/>
    public override VectorStoreCollection<object, Dictionary<string, object?>> GetDynamicCollection(
        string name, VectorStoreCollectionDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        return new QuantizedDynamicCollection(name, Options(definition), make => Share(name, make));
    }

    /// <inheritdoc/>
    public override IAsyncEnumerable<string> ListCollectionNamesAsync(CancellationToken cancellationToken = default) =>
        _collections.Where(each => each.Value.Exists).Select(each => each.Key).ToAsyncEnumerable();

    /// <inheritdoc/>
    public override Task<bool> CollectionExistsAsync(string name, CancellationToken cancellationToken = default) =>
        Task.FromResult(_collections.TryGetValue(name, out ICollectionData? data) && data.Exists);

    /// <inheritdoc/>
    public override Task EnsureCollectionDeletedAsync(string name, CancellationToken cancellationToken = default)
    {
        if (_collections.TryGetValue(name, out ICollectionData? data))
        {
            data.Delete();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(VectorStoreMetadata) ? new VectorStoreMetadata { VectorStoreSystemName = "quantization" }
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    private ICollectionData Share(string name, Func<ICollectionData> make) => _collections.GetOrAdd(name, _ => make());

    private QuantizedCollectionOptions Options(VectorStoreCollectionDefinition? definition) => new(_options.Collections)
    {
        Definition = definition,
        EmbeddingGenerator = _options.EmbeddingGenerator,
    };
}
