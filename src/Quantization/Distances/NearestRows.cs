using System.Numerics;

namespace Quantization;

/// <summary>
/// Keeps the rows with the smallest distances out of any number that are offered. Of equal distances the lower row wins, so the result
/// depends on no order. Rows that are too far away cost a comparison of vectors. Not safe for several threads at once: give each its own.
/// </summary>
/// <typeparam name="TDistance">The type of distances, such as <see cref="int"/> or <see cref="float"/>. Negate similarities.</typeparam>
/// <example><code>
/// NearestRows&lt;int&gt; nearest = new(10);
/// CodeDistance.Hamming(bits, query, distances);
/// nearest.Add(distances, firstRow: 0);
/// foreach ((int row, int distance) in nearest.ToArray()) { … }
/// </code></example>
public sealed class NearestRows<TDistance>
    where TDistance : unmanaged, INumber<TDistance>
{
    /// <summary>A heap with the farthest row at the top.</summary>
    private readonly TDistance[] _distances;
    private readonly int[] _rows;

    /// <param name="capacity">How many rows are kept.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is not positive.</exception>
    public NearestRows(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _distances = new TDistance[capacity];
        _rows = new int[capacity];
    }

    /// <summary>How many rows are kept at most.</summary>
    public int Capacity => _rows.Length;

    /// <summary>How many rows are kept now.</summary>
    public int Count { get; private set; }

    /// <summary>Offers consecutive rows.</summary>
    /// <param name="distances">The distance of each row. Rows with NaN are never kept.</param>
    /// <param name="firstRow">The number of the first row.</param>
    /// <param name="accepts">
    /// Says whether a row may be kept. It is asked only about rows that are near enough; null where all may be.
    /// </param>
    public void Add(ReadOnlySpan<TDistance> distances, int firstRow, Func<int, bool>? accepts = null)
    {
        int i = 0;
        while (i < distances.Length)
        {
            int next = Math.Min(i + Vector<TDistance>.Count, distances.Length);
            if (Count < Capacity || next - i < Vector<TDistance>.Count
                || Vector.LessThanOrEqualAny(new Vector<TDistance>(distances[i..]), new Vector<TDistance>(_distances[0])))
            {
                for (; i < next; i++)
                {
                    Add(distances[i], firstRow + i, accepts);
                }
            }

            i = next;
        }
    }

    /// <summary>Offers one row.</summary>
    /// <param name="distance">The distance of the row. A row with NaN is never kept.</param>
    /// <param name="row">The number of the row.</param>
    public void Add(TDistance distance, int row) => Add(distance, row, null);

    /// <summary>The rows that are kept, the nearest first.</summary>
    public (int Row, TDistance Distance)[] ToArray()
    {
        (int Row, TDistance Distance)[] result = new (int, TDistance)[Count];
        for (int i = 0; i < Count; i++)
        {
            result[i] = (_rows[i], _distances[i]);
        }

        Array.Sort(
            result,
            (left, right) => left.Distance.CompareTo(right.Distance) is int order and not 0 ? order : left.Row.CompareTo(right.Row));
        return result;
    }

    private void Add(TDistance distance, int row, Func<int, bool>? accepts)
    {
        bool isTooFar = Count == Capacity && !IsFarther(_distances[0], _rows[0], distance, row);
        if (isTooFar || TDistance.IsNaN(distance) || accepts?.Invoke(row) == false)
        {
            return;
        }

        if (Count < Capacity)
        {
            MoveUp(Count++, distance, row);
        }
        else
        {
            MoveDown(distance, row);
        }
    }

    private static bool IsFarther(TDistance distance, int row, TDistance otherDistance, int otherRow) =>
        distance > otherDistance || (distance == otherDistance && row > otherRow);

    private void MoveUp(int place, TDistance distance, int row)
    {
        while (place > 0)
        {
            int parent = (place - 1) / 2;
            if (!IsFarther(distance, row, _distances[parent], _rows[parent]))
            {
                break;
            }

            (_distances[place], _rows[place]) = (_distances[parent], _rows[parent]);
            place = parent;
        }

        (_distances[place], _rows[place]) = (distance, row);
    }

    /// <summary>Replaces the farthest row.</summary>
    private void MoveDown(TDistance distance, int row)
    {
        int place = 0;
        while (2 * place + 1 < Count)
        {
            int child = 2 * place + 1;
            if (child + 1 < Count && IsFarther(_distances[child + 1], _rows[child + 1], _distances[child], _rows[child]))
            {
                child++;
            }

            if (!IsFarther(_distances[child], _rows[child], distance, row))
            {
                break;
            }

            (_distances[place], _rows[place]) = (_distances[child], _rows[child]);
            place = child;
        }

        (_distances[place], _rows[place]) = (distance, row);
    }
}
