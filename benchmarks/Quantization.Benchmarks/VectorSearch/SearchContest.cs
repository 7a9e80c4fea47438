using System.Numerics.Tensors;
using Microsoft.Extensions.VectorData;
using Quantization.Extensions.AI;

namespace Quantization.Benchmarks.VectorSearch;

/// <summary>The same search on floats and on codes, one thread each.</summary>
internal sealed class SearchContest : IDisposable
{
    public const int Neighbours = 10;

    private const int Batch = 10_000;
    private const int BlockRows = 512;

    private readonly VectorSet _set;

    private SearchContest(VectorSet set)
    {
        _set = set;
        Int8 = Fill(IndexKind.Flat);
        Binary = Fill(IndexKind.QuantizedFlat);
    }

    public QuantizedCollection<int, StoredVector> Int8 { get; }

    public QuantizedCollection<int, StoredVector> Binary { get; }

    /// <summary>Puts vectors into collections.</summary>
    public static SearchContest Over(VectorSet set) => new(set);

    /// <summary>A collection's answer.</summary>
    public static int[] Search(QuantizedCollection<int, StoredVector> collection, float[] query) =>
        [.. collection.SearchAsync(query, Neighbours).ToBlockingEnumerable().Select(result => result.Record.Id)];

    /// <summary>The answer of floats: the vectors are of length 1, so that dot products order them as cosines do.</summary>
    public int[] SearchFloats(float[] query)
    {
        NearestRows<float> nearest = new(Neighbours);
        Span<float> distances = stackalloc float[BlockRows];
        for (int row = 0; row < _set.Count; row += BlockRows)
        {
            int rows = Math.Min(BlockRows, _set.Count - row);
            for (int i = 0; i < rows; i++)
            {
                distances[i] = -TensorPrimitives.Dot(query, _set.Row(row + i));
            }

            nearest.Add(distances[..rows], row);
        }

        return [.. nearest.ToArray().Select(each => each.Row)];
    }

    public void Dispose()
    {
        Int8.Dispose();
        Binary.Dispose();
    }

    private QuantizedCollection<int, StoredVector> Fill(string index)
    {
        QuantizedCollection<int, StoredVector> collection = new("vectors", new QuantizedCollectionOptions
        {
            Definition = new VectorStoreCollectionDefinition
            {
                Properties =
                [
                    new VectorStoreKeyProperty(nameof(StoredVector.Id), typeof(int)),
                    new VectorStoreVectorProperty(nameof(StoredVector.Vector), typeof(float[]), VectorSet.Dimensions) { IndexKind = index },
                ],
            },
        });
        collection.EnsureCollectionExistsAsync().GetAwaiter().GetResult();
        for (int row = 0; row < _set.Count; row += Batch)
        {
            IEnumerable<StoredVector> records = Enumerable.Range(row, Math.Min(Batch, _set.Count - row))
                .Select(id => new StoredVector { Id = id, Vector = _set.Row(id).ToArray() });
            collection.UpsertAsync(records).GetAwaiter().GetResult();
        }

        return collection;
    }
}
