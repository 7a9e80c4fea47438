using System.Collections;
using Microsoft.Extensions.AI;
using Quantization.Extensions.AI.Storage;

namespace Quantization.Extensions.AI.Search;

/// <summary>Vectors that arrive as bits, compared by Hamming distance.</summary>
internal sealed class BitColumn(ColumnSettings settings) : VectorColumn
{
    private const int BlockRows = 1024;

    private RowArray _bits = new((int)CodeFormat.UInt1.GetByteCount(settings.Dimensions));

    /// <inheritdoc/>
    public override int Count => _bits.Count;

    /// <inheritdoc/>
    public override IReadOnlyList<RowArray> Arrays => [_bits];

    /// <inheritdoc/>
    public override string Layout => $"bits, {settings.Dimensions} dimensions, {settings.Distance}";

    /// <inheritdoc/>
    public override long ScannedBytes => VectorBytes;

    /// <inheritdoc/>
    public override bool IsSimilarity => false;

    /// <inheritdoc/>
    public override PreparedVector Prepare(object? vector)
    {
        BitArray bits = VectorReader.Bits(vector) ?? throw settings.NotOfTheType(vector);
        settings.ThrowUnlessDimensions(bits.Length);

        // Bits behind the last dimension may be set in the array, which does not show them.
        byte[] bytes = new byte[_bits.RowBytes];
        bits.CopyTo(bytes, 0);
        if (settings.Dimensions % 8 != 0)
        {
            bytes[^1] &= (byte)((1 << (settings.Dimensions % 8)) - 1);
        }

        return new PreparedVector(bytes, 1, null);
    }

    /// <inheritdoc/>
    public override QueryVector PrepareQuery(object? vector) => new([], 1, 0, [], Prepare(vector).Codes);

    /// <inheritdoc/>
    public override void Add(PreparedVector vector)
    {
        _bits.Add();
        Set(Count - 1, vector);
    }

    /// <inheritdoc/>
    public override void Set(int row, PreparedVector vector) => vector.Codes.CopyTo(_bits.Row(row));

    /// <inheritdoc/>
    public override void MoveLastTo(int row)
    {
        _bits.Row(Count - 1).CopyTo(_bits.Row(row));
        _bits.RemoveLast();
    }

    /// <inheritdoc/>
    public override void Clear() => _bits = new RowArray(_bits.RowBytes);

    /// <inheritdoc/>
    public override object Read(int row)
    {
        BitArray bits = new(_bits.Row(row).ToArray()) { Length = settings.Dimensions };
        return settings.PropertyType == typeof(BitArray) ? bits : new BinaryEmbedding(bits);
    }

    /// <inheritdoc/>
    public override void Load(IReadOnlyList<RowArray> arrays) => _bits = arrays[0];

    /// <inheritdoc/>
    public override unsafe IReadOnlyList<(int Row, double Score)> Search(
        QueryVector query, int count, Func<int, bool>? accepts, CancellationToken cancellationToken)
    {
        if (Count == 0)
        {
            return [];
        }

        NearestRows<int> nearest = new(Math.Min(count, Count));
        int[] distances = new int[Math.Min(BlockRows, Count)];
        for (int row = 0; row < Count; row += BlockRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int rows = Math.Min(BlockRows, Count - row);
            CodeDistance.Hamming(new ReadOnlySpan<byte>(_bits[row], rows * _bits.RowBytes), query.Bits, distances.AsSpan(0, rows));
            nearest.Add(distances.AsSpan(0, rows), row, accepts);
        }

        GC.KeepAlive(this);
        return [.. nearest.ToArray().Select(each => (each.Row, (double)each.Distance))];
    }
}
