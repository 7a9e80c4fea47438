using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Quantization.Kernels;

namespace Quantization;

/// <summary>
/// What was seen of a tensor's values: how many, how many zeros, the smallest, the largest, and a histogram by sign and magnitude. It
/// observes and decides nothing; an <see cref="ICalibrator"/> reads a range from it.
/// </summary>
/// <remarks>
/// <para>
/// A value x ≠ 0 is counted in bin <c>floor(|x| / 2^k)</c> of its sign; zeros of either sign are counted apart. k is the smallest exponent
/// that lets the largest magnitude fit, so it is a function of that magnitude alone, and when it grows, bins merge in whole pairs.
/// Therefore the same values in any order, split or merge give the same state, bit for bit.
/// </para>
/// <para>
/// Memory is constant: 16 · <see cref="BinsPerSign"/> + 256 bytes, nearly all of them 64-bit counts (65,792 bytes by default), however much
/// is observed. Observing allocates nothing.
/// </para>
/// <para>
/// One thread at a time may change an instance; any number may read one that nobody changes. To observe on several threads, give each its
/// own statistics and <see cref="Merge"/> them.
/// </para>
/// </remarks>
public sealed class TensorStatistics
{
    /// <summary>The bins of each sign where the caller names no number: 4,096.</summary>
    public const int DefaultBinsPerSign = 4096;

    private const int BufferLength = 1024;

    private readonly long[] _bins;
    private float _min = float.PositiveInfinity;
    private float _max = float.NegativeInfinity;

    /// <summary>Makes statistics that have seen nothing.</summary>
    /// <param name="binsPerSign">
    /// The bins of each sign: a power of two from 16 to 65,536. Statistics can be merged if they have the same number.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="binsPerSign"/> is not such a number.</exception>
    public TensorStatistics(int binsPerSign = DefaultBinsPerSign)
    {
        BinLayout.ThrowUnlessBinCount(binsPerSign, nameof(binsPerSign));
        BinsPerSign = binsPerSign;
        _bins = new long[2 * binsPerSign + HistogramKernels.ZeroSlots];
    }

    internal TensorStatistics(TensorStatistics source)
        : this(source.BinsPerSign)
    {
        Merge(source);
    }

    internal TensorStatistics(TensorStatisticsState state)
        : this(state.BinsPerSign)
    {
        state.ThrowUnlessConsistent();
        state.PositiveBins.CopyTo(_bins);
        state.NegativeBins.CopyTo(_bins.AsSpan(BinsPerSign));
        BinWidthExponent = state.Exponent;
        ZeroCount = state.ZeroCount;
        NonFiniteCount = state.NonFiniteCount;
        Count = state.Count;
        (_min, _max) = (state.Min, state.Max);
    }

    /// <summary>The number of bins of each sign.</summary>
    public int BinsPerSign { get; }

    /// <summary>The finite values observed, zeros included.</summary>
    public long Count { get; private set; }

    /// <summary>The zeros observed, +0 and −0 alike. They are in no bin.</summary>
    public long ZeroCount { get; private set; }

    /// <summary>The NaN and infinite values that were ignored. They are not in <see cref="Count"/>.</summary>
    public long NonFiniteCount { get; private set; }

    /// <summary>The smallest value observed, +0 for a zero of either sign; NaN where <see cref="Count"/> is 0.</summary>
    public float Min => Count == 0 ? float.NaN : _min;

    /// <summary>The largest value observed, +0 for a zero of either sign; NaN where <see cref="Count"/> is 0.</summary>
    public float Max => Count == 0 ? float.NaN : _max;

    /// <summary>The largest magnitude observed; 0 where there is none.</summary>
    public float MaxMagnitude => new HistogramScan(_min, _max, true).MaxMagnitude;

    /// <summary>k, the binary logarithm of <see cref="BinWidth"/>; −149 … 124.</summary>
    public int BinWidthExponent { get; private set; } = BinLayout.SmallestExponent;

    /// <summary>
    /// The width of a bin, 2^k: bin i holds the magnitudes from <c>i · BinWidth</c> up to, but without, <c>(i + 1) · BinWidth</c>; bin 0
    /// holds no zeros.
    /// </summary>
    public double BinWidth => Math.ScaleB(1, BinWidthExponent);

    /// <summary>The counts of values above 0, by magnitude.</summary>
    public ReadOnlySpan<long> PositiveBins => _bins.AsSpan(0, BinsPerSign);

    /// <summary>The counts of values below 0, by magnitude.</summary>
    public ReadOnlySpan<long> NegativeBins => _bins.AsSpan(BinsPerSign, BinsPerSign);

    /// <summary>Reads statistics that <see cref="Save"/> wrote; no more than those bytes are taken from the stream.</summary>
    /// <exception cref="InvalidDataException">
    /// The bytes are truncated, damaged, of another version, or describe no possible statistics.
    /// </exception>
    public static TensorStatistics Load(Stream stream) => new(TensorStatisticsFile.Read(stream));

    /// <summary>
    /// Reads statistics that <see cref="Save"/> wrote from memory, without a copy of the bytes. The span holds those bytes and no more.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The bytes are truncated, damaged, of another version, describe no possible statistics, or are followed by others.
    /// </exception>
    public static TensorStatistics Load(ReadOnlySpan<byte> bytes) => SpanReader.Read(bytes, Load, "tensor statistics");

    /// <summary>Takes over a histogram that somebody else has collected.</summary>
    /// <remarks>
    /// <para>
    /// A source bin is counted where its midpoint lies; one value of the outermost bins lies at the extremes. So the result equals, bit for
    /// bit, what observing the values would have given, where (1) no source bin crosses an edge of ours, for example because its edges are
    /// multiples of the bin width that the range leads to, (2) <paramref name="range"/> is exact and (3) zeros are counted in
    /// <paramref name="zeroCount"/> and in no bin. Otherwise a value lands at most half a source bin away from its own place.
    /// </para>
    /// <para>
    /// Bins that are finer than the source's stay empty in between: choose <paramref name="binsPerSign"/> no larger than the number of
    /// source bins on a side.
    /// </para>
    /// </remarks>
    /// <param name="edges">The edges of the source bins, ascending, one more than counts; bin i is <c>[edges[i], edges[i + 1])</c>.</param>
    /// <param name="counts">The values in each source bin.</param>
    /// <param name="zeroCount">
    /// Zeros that are not in <paramref name="counts"/>. A source bin with its midpoint at 0 counts as zeros too.
    /// </param>
    /// <param name="range">
    /// The smallest and the largest value among <paramref name="counts"/>, where known; otherwise the ends of the outermost bins that hold
    /// values.
    /// </param>
    /// <param name="binsPerSign">The bins of each sign of the result: a power of two from 16 to 65,536.</param>
    /// <exception cref="ArgumentException">
    /// The lengths do not fit, edges do not ascend, a count is negative, or the range does not end in the outermost bins.
    /// </exception>
    /// <exception cref="OverflowException">More than 2⁶³ − 1 values.</exception>
    public static TensorStatistics FromHistogram(
        ReadOnlySpan<double> edges, ReadOnlySpan<long> counts, long zeroCount = 0, ValueRange? range = null,
        int binsPerSign = DefaultBinsPerSign) =>
        new(HistogramImport.Convert(edges, counts, zeroCount, range, binsPerSign));

    /// <summary>Counts finite values in; see <see cref="Observe(ReadOnlySpan{float}, NonFiniteValues)"/>.</summary>
    /// <exception cref="NonFiniteValueException">A value is NaN or infinite; nothing was counted.</exception>
    /// <exception cref="OverflowException">More than 2⁶³ − 1 values; nothing was counted.</exception>
    public void Observe(ReadOnlySpan<float> values) => Observe(values, NonFiniteValues.Throw);

    /// <summary>Counts values in.</summary>
    /// <param name="values">The values, in any order.</param>
    /// <param name="nonFinite">What to do with NaN and ±∞.</param>
    /// <exception cref="NonFiniteValueException">
    /// A value is NaN or infinite and <paramref name="nonFinite"/> is <see cref="NonFiniteValues.Throw"/>; nothing was counted.
    /// </exception>
    /// <exception cref="OverflowException">More than 2⁶³ − 1 values; nothing was counted.</exception>
    public void Observe(ReadOnlySpan<float> values, NonFiniteValues nonFinite)
    {
        ThrowUnlessRoomFor(values.Length);
        if (NarrowHistogram.IsFor(values.Length, _bins.Length) ? TryCountNarrow(values) : TryCount(values))
        {
            return;
        }

        if (nonFinite == NonFiniteValues.Throw)
        {
            throw FirstNonFinite(values, 0);
        }

        ObserveFiniteAmong(values);
    }

    /// <summary>
    /// Counts the finite values of a tensor in; see <see cref="Observe(in ReadOnlyTensorSpan{float}, NonFiniteValues)"/>.
    /// </summary>
    /// <exception cref="NonFiniteValueException">A value is NaN or infinite; nothing was counted.</exception>
    /// <exception cref="OverflowException">More than 2⁶³ − 1 values; nothing was counted.</exception>
    public void Observe(in ReadOnlyTensorSpan<float> values) => Observe(values, NonFiniteValues.Throw);

    /// <summary>Counts the values of a tensor in, regardless of its strides.</summary>
    /// <param name="values">The tensor.</param>
    /// <param name="nonFinite">What to do with NaN and ±∞.</param>
    /// <exception cref="NonFiniteValueException">
    /// A value is NaN or infinite and <paramref name="nonFinite"/> is <see cref="NonFiniteValues.Throw"/>; nothing was counted.
    /// </exception>
    /// <exception cref="OverflowException">More than 2⁶³ − 1 values; nothing was counted.</exception>
    public void Observe(in ReadOnlyTensorSpan<float> values, NonFiniteValues nonFinite)
    {
        ThrowUnlessRoomFor(values.FlattenedLength);
        Span<float> buffer = stackalloc float[BufferLength];
        TensorRuns whole = new(values, buffer);
        if (whole.MoveNext() && whole.Current.Length == values.FlattenedLength)
        {
            Observe(whole.Current, nonFinite);
            return;
        }

        HistogramScan scan = Scan(values, nonFinite);
        if (scan.IsFinite)
        {
            Extend(scan);
        }

        TensorRuns runs = new(values, buffer);
        while (runs.MoveNext())
        {
            if (scan.IsFinite)
            {
                CountFinite(runs.Current);
            }
            else
            {
                ObserveFiniteAmong(runs.Current);
            }
        }
    }

    /// <summary>
    /// Adds what other statistics have seen, as if this instance had seen it too. <paramref name="other"/> is not changed.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// <paramref name="other"/> has another number of bins; <see cref="Coarsen"/> the finer one first.
    /// </exception>
    /// <exception cref="OverflowException">Together they have seen more than 2⁶³ − 1 values; nothing was added.</exception>
    public void Merge(TensorStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.BinsPerSign != BinsPerSign)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"Statistics of {other.BinsPerSign} bins per sign cannot be merged into "
                    + $"{BinsPerSign}: call Coarsen({Math.Min(BinsPerSign, other.BinsPerSign)}) on the finer ones first."),
                nameof(other));
        }

        ThrowUnlessRoomFor(other);
        Extend(new HistogramScan(other._min, other._max, true));
        AddBins(other);
        ZeroCount += other.ZeroCount;
        Count += other.Count;
        NonFiniteCount += other.NonFiniteCount;
    }

    /// <summary>
    /// The statistics that fewer bins would have gathered from the same values, exactly: neighbouring bins are added together.
    /// </summary>
    /// <param name="binsPerSign">
    /// The bins of each sign of the result: a power of two, at least 16 and at most <see cref="BinsPerSign"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="binsPerSign"/> is not such a number.</exception>
    public TensorStatistics Coarsen(int binsPerSign)
    {
        BinLayout.ThrowUnlessBinCount(binsPerSign, nameof(binsPerSign));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(binsPerSign, BinsPerSign);
        TensorStatistics coarse = new(binsPerSign);
        coarse.Extend(new HistogramScan(_min, _max, true));
        coarse.AddBins(this);
        coarse.ZeroCount = ZeroCount;
        coarse.Count = Count;
        coarse.NonFiniteCount = NonFiniteCount;
        return coarse;
    }

    /// <summary>A copy that can go its own way.</summary>
    public TensorStatistics Clone() => new(this);

    /// <summary>
    /// Writes the state: versioned, little-endian and closed by a SHA-256, at most 80 + 16 · <see cref="BinsPerSign"/> bytes. Statistics of
    /// equal content write equal bytes.
    /// </summary>
    public void Save(Stream stream) => TensorStatisticsFile.Write(this, stream);

    /// <summary>
    /// Whether both have seen the same: the same number of bins and the same state, bit for bit. <see cref="object.Equals(object)"/>
    /// compares references, because the state changes with every value observed.
    /// </summary>
    public bool ContentEquals(TensorStatistics? other) =>
        other is not null
        && BinsPerSign == other.BinsPerSign
        && Count == other.Count
        && ZeroCount == other.ZeroCount
        && NonFiniteCount == other.NonFiniteCount
        && _min == other._min
        && _max == other._max
        && _bins.AsSpan().SequenceEqual(other._bins);

    /// <summary>For example <c>1000 values (12 zeros) in [-1.5, 2]</c>.</summary>
    public override string ToString() => Count == 0
        ? "no values"
        : string.Create(CultureInfo.InvariantCulture, $"{Count} values ({ZeroCount} zeros) in [{_min:R}, {_max:R}]");

    /// <summary>Scans a tensor, so that a value that must be refused is found before any is counted.</summary>
    internal static HistogramScan Scan(in ReadOnlyTensorSpan<float> values, NonFiniteValues nonFinite)
    {
        Span<float> buffer = stackalloc float[BufferLength];
        HistogramScan scan = HistogramScan.Empty;
        TensorRuns runs = new(values, buffer);
        while (runs.MoveNext())
        {
            HistogramScan run = HistogramScan.Of(runs.Current);
            if (!run.IsFinite && nonFinite == NonFiniteValues.Throw)
            {
                throw FirstNonFinite(runs.Current, runs.Offset);
            }

            scan = scan.And(run);
        }

        return scan;
    }

    internal void ThrowUnlessRoomFor(long count)
    {
        if (count > long.MaxValue - Count)
        {
            throw new OverflowException(string.Create(
                CultureInfo.InvariantCulture, $"{Count} values were observed; {count} more would exceed what 64-bit counts hold."));
        }
    }

    /// <summary>Merges bins up to the width 2^<paramref name="exponent"/>; narrower than they are, they stay.</summary>
    internal void Widen(int exponent)
    {
        if (exponent > BinWidthExponent)
        {
            int shift = exponent - BinWidthExponent;
            HistogramKernels.MergeNeighbours(_bins.AsSpan(0, BinsPerSign), shift);
            HistogramKernels.MergeNeighbours(_bins.AsSpan(BinsPerSign, BinsPerSign), shift);
            BinWidthExponent = exponent;
        }
    }

    internal void ThrowUnlessRoomFor(TensorStatistics other)
    {
        ThrowUnlessRoomFor(other.Count);
        _ = checked(NonFiniteCount + other.NonFiniteCount);
    }

    private static NonFiniteValueException FirstNonFinite(ReadOnlySpan<float> values, long offset)
    {
        int index = 0;
        while (float.IsFinite(values[index]))
        {
            index++;
        }

        return new NonFiniteValueException(offset + index, values[index]);
    }

    /// <summary>
    /// Leaves out the non-finite values, in pieces that fit a buffer: they are rare, and the counting loop need not know of them.
    /// </summary>
    private void ObserveFiniteAmong(ReadOnlySpan<float> values)
    {
        Span<float> finite = stackalloc float[BufferLength];
        while (!values.IsEmpty)
        {
            int length = Math.Min(values.Length, BufferLength);
            int kept = 0;
            foreach (float value in values[..length])
            {
                finite[kept] = value;
                kept += float.IsFinite(value) ? 1 : 0;
            }

            NonFiniteCount = checked(NonFiniteCount + length - kept);
            Extend(HistogramScan.Of(finite[..kept]));
            CountFinite(finite[..kept]);
            values = values[length..];
        }
    }

    /// <summary>Counts values unless one is not finite.</summary>
    private bool TryCount(ReadOnlySpan<float> values)
    {
        HistogramScan scan = HistogramScan.Of(values);
        if (scan.IsFinite)
        {
            Extend(scan);
            CountFinite(values);
        }

        return scan.IsFinite;
    }

    /// <summary>The same in one pass over a long span.</summary>
    [SkipLocalsInit]
    private bool TryCountNarrow(ReadOnlySpan<float> values)
    {
        Span<uint> bins = stackalloc uint[NarrowHistogram.MostBins];
        NarrowHistogram narrow = new(bins[.._bins.Length], BinWidthExponent);
        narrow.Count(values);
        if (narrow.Scan.IsFinite)
        {
            Extend(narrow.Scan);
            ZeroCount += narrow.AddTo(_bins);
            Count += values.Length;
        }

        return narrow.Scan.IsFinite;
    }

    private void CountFinite(ReadOnlySpan<float> values)
    {
        ZeroCount += HistogramKernels.Count(values, BinWidthExponent, _bins);
        Count += values.Length;
    }

    /// <summary>Takes bounds over and widens the bins where the largest magnitude asks for it.</summary>
    private void Extend(HistogramScan scan)
    {
        _min = MathF.Min(_min, scan.Min);
        _max = MathF.Max(_max, scan.Max);
        Widen(BinLayout.ExponentFor(MaxMagnitude, BinsPerSign));
    }

    private void AddBins(TensorStatistics other)
    {
        int shift = BinWidthExponent - other.BinWidthExponent;
        AddSide(other.PositiveBins, _bins.AsSpan(0, BinsPerSign), shift);
        AddSide(other.NegativeBins, _bins.AsSpan(BinsPerSign, BinsPerSign), shift);
    }

    private static void AddSide(ReadOnlySpan<long> source, Span<long> bins, int shift)
    {
        // Where all magnitudes are subnormal, finer statistics have bins beyond the last that fits here; they are empty.
        int used = source.LastIndexOfAnyExcept(0) + 1;
        for (int i = 0; i < used; i++)
        {
            bins[HistogramKernels.ShiftedBin(i, shift)] += source[i];
        }
    }
}
