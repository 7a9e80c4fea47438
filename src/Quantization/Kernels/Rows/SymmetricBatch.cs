using System.Numerics;
using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>
/// Quantizes rows, each with its own symmetric range, as many at once as a vector has lanes: their largest magnitudes become the lanes of
/// one vector, so that the scales of all cost one division. The values lie in the first-level cache between the two looks at them, and
/// none can lie beyond the codes, so nothing is clamped.
/// </summary>
/// <param name="source">The first value.</param>
/// <param name="codes">The first code.</param>
/// <param name="rows">How many rows there are.</param>
/// <param name="columns">The values of a row, as <see cref="CanTake"/> says.</param>
/// <param name="maxCode">What the largest magnitude of a row becomes; its negative is a code too.</param>
/// <param name="scales">Receives a scale for each row that was quantized.</param>
/// <param name="done">
/// Receives how many rows were quantized: less than all where the next few hold a value that is not finite, only zeros, or magnitudes at an
/// end of the exponent range, and where the last rows are no whole step.
/// </param>
internal readonly unsafe struct SymmetricBatch<TCode>(
    float* source, TCode* codes, nint rows, nint columns, int maxCode, float* scales, nint* done) : IWidthAction
    where TCode : unmanaged
{
    /// <summary>The values of a batch: 16 KB, which stay in the first-level cache.</summary>
    private const nint BatchLength = 4096;

    /// <summary>The shortest row: a vector of the widest.</summary>
    private const int ShortestRow = 16;

    /// <summary>The elements of the longest step of a map.</summary>
    private const int LongestStep = 64;

    /// <summary>The magnitudes whose scales and reciprocals are ordinary numbers; see <see cref="MappingParameters.Prescale"/>.</summary>
    private const float SmallestMagnitude = 1E-20f;
    private const float LargestMagnitude = 1E+20f;

    /// <summary>Whether rows of so many values are whole steps, or steps are whole rows.</summary>
    public static bool CanTake(nint columns) =>
        columns <= BatchLength && columns >= ShortestRow && (columns % LongestStep == 0 || LongestStep % columns == 0);

    /// <summary>
    /// While the codes of a batch are written, the scales of the next are on their way: divisions take long, but do not stop other work.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        TInts* magnitudes = stackalloc TInts[BatchLanes<TSimd, TFloats, TInts>.Rows];
        float* fields = stackalloc float[BatchLanes<TSimd, TFloats, TInts>.Length];
        float* nextFields = stackalloc float[BatchLanes<TSimd, TFloats, TInts>.Length];

        // A stretch is a row of whole steps, or a step of whole rows.
        nint stretch = Math.Max(columns, 4 * TSimd.Count);
        nint rowsOfStretch = stretch / columns;
        int rowShift = rowsOfStretch == 1 ? BitOperations.Log2(LongestStep) : BitOperations.Log2((uint)columns);
        nint mostRows = Math.Max(Math.Clamp(BatchLength / columns, 1, TSimd.Count), rowsOfStretch);
        nint row = 0;
        nint count = FindScales<TSimd, TFloats, TInts>(0, Math.Min(mostRows, rows) & -rowsOfStretch, magnitudes, fields);
        while (count > 0)
        {
            nint next = row + count;
            nint nextCount = FindScales<TSimd, TFloats, TInts>(
                next, Math.Min(mostRows, rows - next) & -rowsOfStretch, magnitudes, nextFields);
            BatchLanes<TSimd, TFloats, TInts> lanes = new(fields, rowShift);
            float* values = source + row * columns;
            TCode* batchCodes = Driver.Advance(codes, row * columns);
            for (nint first = 0; first < count; first += rowsOfStretch)
            {
                for (nint i = first * columns; i < first * columns + stretch; i += 4 * TSimd.Count)
                {
                    Store<TSimd, TFloats, TInts>(values + i, Driver.Advance(batchCodes, i), lanes, first);
                }
            }

            (row, count) = (next, nextCount);
            float* written = fields;
            fields = nextFields;
            nextFields = written;
        }

        *done = row;
    }

    /// <summary>
    /// The scales of a batch of rows and their reciprocals. Returns <paramref name="count"/>, or 0 where a magnitude is none of the
    /// ordinary ones.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nint FindScales<TSimd, TFloats, TInts>(nint row, nint count, TInts* magnitudes, float* fields)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        if (count == 0)
        {
            return 0;
        }

        float* values = source + row * columns;
        for (nint i = 0; i < count * columns; i += ShortestRow)
        {
            Driver.Prefetch(values + i, ShortestRow * sizeof(float));
        }

        for (nint i = 0; i < count; i++)
        {
            magnitudes[i] = Magnitude<TSimd, TFloats, TInts>(values + i * columns);
        }

        for (nint i = count; i < TSimd.Count; i++)
        {
            magnitudes[i] = magnitudes[0]; // lanes without a row
        }

        TInts largest = TSimd.LargestOfEach(magnitudes);
        if (!TSimd.AreAllWithin(
            largest, BitConverter.SingleToInt32Bits(SmallestMagnitude), BitConverter.SingleToInt32Bits(LargestMagnitude)))
        {
            return 0;
        }

        TFloats scale = TSimd.Divide(TSimd.AsSingle(largest), TSimd.Broadcast((float)maxCode));
        TFloats reciprocal = TSimd.Divide(TSimd.Broadcast(1f), scale);
        TSimd.Store<CachedStores>(scale, fields);
        TSimd.Store<CachedStores>(reciprocal, fields + BatchLanes<TSimd, TFloats, TInts>.Rows);
        TSimd.Store<CachedStores>(TSimd.ReciprocalError(scale, reciprocal), fields + 2 * BatchLanes<TSimd, TFloats, TInts>.Rows);
        if (count == TSimd.Count)
        {
            TSimd.Store<CachedStores>(scale, scales + row);
        }
        else
        {
            new ReadOnlySpan<float>(fields, (int)count).CopyTo(new Span<float>(scales + row, (int)count));
        }

        return count;
    }

    /// <summary>The largest magnitude of a row in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TInts Magnitude<TSimd, TFloats, TInts>(float* values)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        TInts largest = TSimd.MagnitudeBits(TSimd.Load(values));
        for (nint i = TSimd.Count; i < columns; i += TSimd.Count)
        {
            largest = TSimd.Max(largest, TSimd.MagnitudeBits(TSimd.Load(values + i)));
        }

        return largest;
    }

    /// <summary>Writes the codes of a step; <paramref name="row"/> is its first row in the batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TSimd, TFloats, TInts>(
        float* values, TCode* destination, in BatchLanes<TSimd, TFloats, TInts> lanes, nint row)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        TFloats first = Quotient<TSimd, TFloats, TInts>(values, lanes, row, 0);
        TFloats second = Quotient<TSimd, TFloats, TInts>(values, lanes, row, TSimd.Count);
        TFloats third = Quotient<TSimd, TFloats, TInts>(values, lanes, row, 2 * TSimd.Count);
        TFloats fourth = Quotient<TSimd, TFloats, TInts>(values, lanes, row, 3 * TSimd.Count);
        if (sizeof(TCode) == 1)
        {
            TSimd.StoreBytes<TCode, CachedStores>(first, second, third, fourth, TSimd.Broadcast(0), destination);
        }
        else
        {
            TSimd.StoreNarrowed<TCode, CachedStores>(
                TSimd.RoundToInt32(first),
                TSimd.RoundToInt32(second),
                TSimd.RoundToInt32(third),
                TSimd.RoundToInt32(fourth),
                destination);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloats Quotient<TSimd, TFloats, TInts>(
        float* values, in BatchLanes<TSimd, TFloats, TInts> lanes, nint row, int offset)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged =>
        TSimd.Quotient<TCode, BatchLanes<TSimd, TFloats, TInts>>(TSimd.Load(values + offset), lanes, row, offset);
}
