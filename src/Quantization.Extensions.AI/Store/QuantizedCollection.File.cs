using System.Text.Json;
using Quantization.Extensions.AI.Search;
using Quantization.Extensions.AI.Storage;
using Quantization.Extensions.AI.Store;

namespace Quantization.Extensions.AI;

public partial class QuantizedCollection<TKey, TRecord>
{
    /// <summary>
    /// Writes all records to a file, which appears whole or not at all. Readers go on meanwhile, writers wait. Data is written as JSON,
    /// vectors as they are in memory. Windows refuses to replace a file that is mapped: save to another one there.
    /// </summary>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="Microsoft.Extensions.VectorData.VectorStoreException">The collection does not exist.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        CollectionHead<TKey, TRecord> head = new(_model);
        _data.Read(() =>
        {
            ThrowUnlessExists("Save");
            CollectionFile.Write(
                path,
                stream => head.Write(stream, _data.Columns, _data.Records),
                [.. _data.Columns.SelectMany(column => column.Arrays)]);
            return true;
        });
    }

    /// <summary>
    /// Replaces all records by those of a file that <see cref="Save"/> wrote for a collection of the same definition; it exists then. The
    /// data is read into memory. The vectors are mapped: they are read when a search needs them, and shared between processes. What is
    /// changed later stays in this process until it is saved. Where a file is refused, the collection stays as it was.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="verifyVectors">
    /// Whether the checksum of the vectors is verified too, which reads them once. That of the data always is.
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, of another version, or of another definition of records.</exception>
    public unsafe void Load(string path, bool verifyVectors = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        MappedFile file = CollectionFile.Open(path, verifyVectors, out byte* headAt, out int headLength, out long arraysAt);
        try
        {
            VectorColumn[] columns = CollectionModelFactory.Columns(_model, _options);
            List<(TKey Key, TRecord Record)> records =
                new CollectionHead<TKey, TRecord>(_model).Read(new ReadOnlySpan<byte>(headAt, headLength), columns);
            int[] rowBytes = [.. columns.SelectMany(column => column.Arrays).Select(array => array.RowBytes)];
            Queue<RowArray> arrays = new(CollectionFile.Arrays(path, file, arraysAt, records.Count, rowBytes));
            foreach (VectorColumn column in columns)
            {
                column.Load([.. column.Arrays.Select(_ => arrays.Dequeue())]);
            }

            Dictionary<TKey, int> rows = new(records.Count);
            for (int row = 0; row < records.Count; row++)
            {
                if (!rows.TryAdd(records[row].Key, row))
                {
                    throw new InvalidDataException($"{path} has the key {records[row].Key} twice.");
                }
            }

            _data.Replace(rows, records, columns);
        }
        catch (Exception e)
        {
            file.Dispose();
            if (e is JsonException or InvalidOperationException or InvalidCastException
                || (e is InvalidDataException && !e.Message.StartsWith(path, StringComparison.Ordinal)))
            {
                throw new InvalidDataException($"{path}: {e.Message} Load it into a collection as it was saved from.", e);
            }

            throw;
        }
    }
}
