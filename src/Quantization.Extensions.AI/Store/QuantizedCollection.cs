using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;
using Microsoft.Extensions.VectorData.ProviderServices;
using Quantization.Extensions.AI.Search;
using Quantization.Extensions.AI.Store;

namespace Quantization.Extensions.AI;

/// <summary>
/// A collection in memory whose vectors are int8 codes, a quarter of floats' bytes. With <see cref="IndexKind.Flat"/>, the default, a
/// search reads all codes; with <see cref="IndexKind.QuantizedFlat"/> it reads one bit per value first and the codes of the best candidates
/// then. Safe for any number of readers and writers at once; writers take turns, and a reader sees all of an upsert or nothing.
/// </summary>
/// <remarks>
/// Vectors may be floats, halves, int8 codes (with <see cref="QuantizedEmbeddings.ScaleKey"/> or scale 1), or bits, which are compared by
/// Hamming distance. Records are copied; what their properties refer to is shared.
/// </remarks>
/// <typeparam name="TKey">The type of keys.</typeparam>
/// <typeparam name="TRecord">The type of records, with a parameterless constructor.</typeparam>
[SuppressMessage(
    "Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "All collections of VectorData are named so.")]
[SuppressMessage(
    "ApiDesign",
    "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads are those of the base class.")]
public partial class QuantizedCollection<TKey, TRecord> : VectorStoreCollection<TKey, TRecord>
    where TKey : notnull
    where TRecord : class
{
    private const string SystemName = "quantization";

    private readonly CollectionModel _model;
    private readonly QuantizedCollectionOptions _options;
    private readonly CollectionData<TKey, TRecord> _data;
    private readonly RecordCopier<TRecord> _copier;

    /// <summary>Makes a collection that belongs to no store. It does not exist before <see cref="EnsureCollectionExistsAsync"/>.</summary>
    /// <param name="name">The collection's name.</param>
    /// <param name="options">How vectors are kept; null for the defaults.</param>
    /// <exception cref="ArgumentException">A property asks for what this store does not have.</exception>
    /// <exception cref="InvalidOperationException">The attributes or the definition of records are not complete.</exception>
    public QuantizedCollection(string name, QuantizedCollectionOptions? options = null)
        : this(name, options, null)
    {
    }

    internal QuantizedCollection(string name, QuantizedCollectionOptions? options, Func<Func<ICollectionData>, ICollectionData>? share)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        _options = new QuantizedCollectionOptions(options);
        CollectionModelFactory factory = new();
        _model = typeof(TRecord) == typeof(Dictionary<string, object?>)
            ? factory.BuildDynamic(
                _options.Definition ?? throw new ArgumentException("Records that are dictionaries need a definition.", nameof(options)),
                _options.EmbeddingGenerator)
            : factory.Build(typeof(TRecord), typeof(TKey), _options.Definition, _options.EmbeddingGenerator);
        VectorColumn[] columns = CollectionModelFactory.Columns(_model, _options);
        Func<CollectionData<TKey, TRecord>> make = () => new CollectionData<TKey, TRecord>(columns);
        ICollectionData data = share is null ? make() : share(make);
        _data = data as CollectionData<TKey, TRecord>
            ?? throw new ArgumentException(
                $"The collection '{name}' holds {data.Contents}; it cannot be opened with other types.", nameof(name));
        if (!_data.Columns.Select(column => column.Layout).SequenceEqual(columns.Select(column => column.Layout)))
        {
            throw new ArgumentException($"The collection '{name}' was opened with another definition of its vectors.", nameof(options));
        }

        _copier = new RecordCopier<TRecord>(_model);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>The number of records.</summary>
    public int Count => _data.Read(() => _data.Records.Count);

    /// <summary>The bytes that hold vectors: codes, scales, bits, and floats where they are kept.</summary>
    public long VectorBytes => _data.Read(() => _data.Columns.Sum(column => column.VectorBytes));

    /// <summary>The bytes of vectors that a search reads of every record: bits where there are some, codes and scales elsewhere.</summary>
    public long ScannedBytes => _data.Read(() => _data.Columns.Sum(column => column.ScannedBytes));

    /// <inheritdoc/>
    public override Task<bool> CollectionExistsAsync(CancellationToken cancellationToken = default) => Task.FromResult(_data.Exists);

    /// <inheritdoc/>
    public override Task EnsureCollectionExistsAsync(CancellationToken cancellationToken = default)
    {
        _data.Create();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task EnsureCollectionDeletedAsync(CancellationToken cancellationToken = default)
    {
        _data.Delete();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task<TRecord?> GetAsync(TKey key, RecordRetrievalOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        bool includesVectors = IncludesVectors(options?.IncludeVectors);
        return Task.FromResult(_data.Read(() =>
        {
            ThrowUnlessExists("Get");
            return _data.Find(key) is int row ? Copy(row, includesVectors) : null;
        }));
    }

    /// <inheritdoc/>
    public override IAsyncEnumerable<TRecord> GetAsync(
        Expression<Func<TRecord, bool>> filter,
        int top,
        FilteredRecordRetrievalOptions<TRecord>? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(top);
        options ??= new FilteredRecordRetrievalOptions<TRecord>();
        bool includesVectors = IncludesVectors(options.IncludeVectors);
        Func<TRecord, bool> accepts = FilterCheck.Compile(filter, _model);
        (PropertyModel Property, bool Ascending)[] order =
        [
            .. options.OrderBy?.Invoke(new FilteredRecordRetrievalOptions<TRecord>.OrderByDefinition()).Values
                .Select(sort => (_model.GetDataOrKeyProperty(sort.PropertySelector), sort.Ascending)) ?? [],
        ];
        return Give(
            () => _data.Read(() =>
            {
                ThrowUnlessExists("Get");
                IEnumerable<int> rows = Enumerable.Range(0, _data.Records.Count).Where(row => accepts(_data.Records[row].Record));
                return Sort(rows, order).Skip(options.Skip).Take(top).Select(row => Copy(row, includesVectors)).ToList();
            }),
            cancellationToken);
    }

    /// <inheritdoc/>
    public override Task DeleteAsync(TKey key, CancellationToken cancellationToken = default) => DeleteAsync([key], cancellationToken);

    /// <inheritdoc/>
    public override Task DeleteAsync(IEnumerable<TKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        TKey[] list = [.. keys];
        ThrowUnlessExists("Delete");
        cancellationToken.ThrowIfCancellationRequested();
        _data.Remove(list);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(VectorStoreCollectionMetadata)
                ? new VectorStoreCollectionMetadata { VectorStoreSystemName = SystemName, CollectionName = Name }
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    private static async IAsyncEnumerable<TItem> Give<TItem>(
        Func<List<TItem>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (TItem item in read())
        {
            yield return item;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    private IEnumerable<int> Sort(IEnumerable<int> rows, (PropertyModel Property, bool Ascending)[] order)
    {
        IOrderedEnumerable<int>? sorted = null;
        foreach ((PropertyModel property, bool ascending) in order)
        {
            Func<int, object?> value = row => property.GetValueAsObject(_data.Records[row].Record);
            sorted = (sorted, ascending) switch
            {
                (null, true) => rows.OrderBy(value),
                (null, false) => rows.OrderByDescending(value),
                (_, true) => sorted.ThenBy(value),
                (_, false) => sorted.ThenByDescending(value),
            };
        }

        return sorted ?? rows;
    }

    /// <summary>A copy of a record, with vectors where they are asked for.</summary>
    private TRecord Copy(int row, bool includesVectors)
    {
        TRecord copy = _copier.Copy(_data.Records[row].Record);
        for (int i = 0; includesVectors && i < _model.VectorProperties.Count; i++)
        {
            _model.VectorProperties[i].SetValueAsObject(copy, _data.Columns[i].Read(row));
        }

        return copy;
    }

    private bool IncludesVectors(bool? asked) => asked == true && _model.EmbeddingGenerationRequired
        ? throw new NotSupportedException(VectorDataStrings.IncludeVectorsNotSupportedWithEmbeddingGeneration)
        : asked == true;

    private void ThrowUnlessExists(string operation)
    {
        if (!_data.Exists)
        {
            throw new VectorStoreException($"The collection '{Name}' does not exist; call EnsureCollectionExistsAsync or Load first.")
            {
                VectorStoreSystemName = SystemName,
                CollectionName = Name,
                OperationName = operation,
            };
        }
    }
}
