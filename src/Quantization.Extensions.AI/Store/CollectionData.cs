using System.Diagnostics.CodeAnalysis;
using Quantization.Extensions.AI.Search;

namespace Quantization.Extensions.AI.Store;

/// <summary>
/// What a collection holds: records without vectors, and columns of vectors with the same rows. Many readers or one writer at a time; a
/// reader sees all of an upsert or nothing.
/// </summary>
/// <typeparam name="TKey">The type of keys.</typeparam>
/// <typeparam name="TRecord">The type of records.</typeparam>
[SuppressMessage(
    "Design",
    "CA1001:Types that own disposable fields should be disposable",
    Justification = "Collections of one name share it, and none knows the last.")]
internal sealed class CollectionData<TKey, TRecord>(VectorColumn[] columns) : ICollectionData
    where TKey : notnull
    where TRecord : class
{
    private readonly ReaderWriterLockSlim _lock = new();
    private Dictionary<TKey, int> _rows = [];
    private List<(TKey Key, TRecord Record)> _records = [];

    /// <summary>The vectors.</summary>
    public VectorColumn[] Columns { get; private set; } = columns;

    /// <summary>The records in the order of their rows. Read them inside <see cref="Read{TResult}"/> only.</summary>
    public IReadOnlyList<(TKey Key, TRecord Record)> Records => _records;

    /// <inheritdoc/>
    public bool Exists { get; private set; }

    /// <inheritdoc/>
    public string Contents => $"records of type {typeof(TRecord).Name} with keys of type {typeof(TKey).Name}";

    /// <summary>Reads while nobody writes.</summary>
    public TResult Read<TResult>(Func<TResult> read)
    {
        _lock.EnterReadLock();
        try
        {
            return read();
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    /// <summary>The row of a key, inside <see cref="Read{TResult}"/>.</summary>
    public int? Find(TKey key) => _rows.TryGetValue(key, out int row) ? row : null;

    /// <inheritdoc/>
    public void Create() => Write(() => Exists = true);

    /// <inheritdoc/>
    public void Delete() => Write(() =>
    {
        Exists = false;
        _rows = [];
        _records = [];
        foreach (VectorColumn column in Columns)
        {
            column.Clear();
        }
    });

    /// <summary>Adds or replaces records, all of them before anybody reads.</summary>
    /// <param name="records">Keys, records without vectors, and a vector for each column.</param>
    /// <returns>Whether the collection exists; if not, nothing was done.</returns>
    public bool Upsert(IReadOnlyList<(TKey Key, TRecord Record, PreparedVector[] Vectors)> records)
    {
        bool exists = false;
        Write(() =>
        {
            exists = Exists;
            foreach ((TKey key, TRecord record, PreparedVector[] vectors) in exists ? records : [])
            {
                if (_rows.TryGetValue(key, out int row))
                {
                    _records[row] = (key, record);
                    for (int i = 0; i < Columns.Length; i++)
                    {
                        Columns[i].Set(row, vectors[i]);
                    }

                    continue;
                }

                for (int i = 0; i < Columns.Length; i++)
                {
                    Columns[i].Add(vectors[i]);
                }

                _rows.Add(key, _records.Count);
                _records.Add((key, record));
            }
        });
        return exists;
    }

    /// <summary>Removes records; keys that are not there are passed over.</summary>
    public void Remove(IEnumerable<TKey> keys) => Write(() =>
    {
        foreach (TKey key in keys)
        {
            if (!_rows.Remove(key, out int row))
            {
                continue;
            }

            // The last row fills the gap, so that searches never meet one.
            int last = _records.Count - 1;
            foreach (VectorColumn column in Columns)
            {
                column.MoveLastTo(row);
            }

            if (row != last)
            {
                _records[row] = _records[last];
                _rows[_records[row].Key] = row;
            }

            _records.RemoveAt(last);
        }
    });

    /// <summary>Replaces everything by what a file holds.</summary>
    public void Replace(Dictionary<TKey, int> rows, List<(TKey Key, TRecord Record)> records, VectorColumn[] columns) => Write(() =>
    {
        Exists = true;
        (_rows, _records, Columns) = (rows, records, columns);
    });

    private void Write(Action write)
    {
        _lock.EnterWriteLock();
        try
        {
            write();
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }
}
