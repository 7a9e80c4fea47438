namespace Quantization.Extensions.AI.Storage;

/// <summary>
/// Rows of bytes, all of the same length, in segments that never move once they are full. Growing copies at most one segment. A segment
/// is memory of this process or lies in a mapped file. Readers and a writer must be kept apart by the caller.
/// </summary>
/// <param name="rowBytes">The length of a row.</param>
internal sealed unsafe class RowArray(int rowBytes)
{
    /// <summary>The rows of a segment: a power of two.</summary>
    public const int SegmentRows = 1 << SegmentBits;

    private const int SegmentBits = 14;
    private const int FewestRows = 64;

    private readonly List<Segment> _segments = [];

    /// <summary>The length of a row.</summary>
    public int RowBytes => rowBytes;

    /// <summary>The number of rows.</summary>
    public int Count { get; private set; }

    /// <summary>The address of a row. Rows that follow in the same segment lie behind it.</summary>
    public byte* this[int row] => _segments[row >> SegmentBits].Start + (nint)(row & (SegmentRows - 1)) * rowBytes;

    /// <summary>A row's bytes.</summary>
    public Span<byte> Row(int row) => new(this[row], rowBytes);

    /// <summary>Rows of memory in a file.</summary>
    /// <param name="rowBytes">The length of a row.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="start">Where the rows are.</param>
    /// <param name="owner">What keeps the memory alive.</param>
    public static RowArray Over(int rowBytes, int rows, byte* start, MappedFile owner)
    {
        RowArray array = new(rowBytes) { Count = rows };
        for (int row = 0; row < rows; row += SegmentRows)
        {
            array._segments.Add(new Segment(start + (nint)row * rowBytes, Math.Min(SegmentRows, rows - row), owner));
        }

        return array;
    }

    /// <summary>Adds a row of undefined content.</summary>
    public void Add()
    {
        int used = Count & (SegmentRows - 1);
        if (used == 0 && Count >> SegmentBits == _segments.Count)
        {
            _segments.Add(Allocate(_segments.Count == 0 ? FewestRows : SegmentRows));
        }
        else if (_segments[^1] is { } last && used == last.Capacity)
        {
            Segment larger = Allocate(Math.Min(SegmentRows, Math.Max(FewestRows, 2 * last.Capacity)));
            Buffer.MemoryCopy(last.Start, larger.Start, (long)larger.Capacity * rowBytes, (long)used * rowBytes);
            _segments[^1] = larger;
        }

        Count++;
    }

    /// <summary>Removes the last row.</summary>
    public void RemoveLast()
    {
        Count--;
        if ((Count & (SegmentRows - 1)) == 0)
        {
            _segments.RemoveAt(_segments.Count - 1);
        }
    }

    /// <summary>Writes all rows.</summary>
    public void WriteTo(Stream stream)
    {
        for (int row = 0; row < Count; row += SegmentRows)
        {
            byte* start = this[row];
            long bytes = (long)Math.Min(SegmentRows, Count - row) * rowBytes;
            for (long written = 0; written < bytes;)
            {
                int piece = (int)Math.Min(1 << 20, bytes - written);
                stream.Write(new ReadOnlySpan<byte>(start + written, piece));
                written += piece;
            }
        }
    }

    private Segment Allocate(int rows)
    {
        byte[] memory = GC.AllocateUninitializedArray<byte>(checked(rows * rowBytes), pinned: true);
        fixed (byte* start = memory)
        {
            return new Segment(start, rows, memory);
        }
    }

    /// <param name="start">The first row's address.</param>
    /// <param name="capacity">How many rows there is room for.</param>
    /// <param name="owner">What keeps the memory alive: a pinned array or a mapped file.</param>
    private sealed class Segment(byte* start, int capacity, object owner)
    {
        public byte* Start => start;

        public int Capacity => capacity;

        public object Owner => owner;
    }
}
