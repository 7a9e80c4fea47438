using System.Numerics;
using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>The loops over elements behind <see cref="TensorStatistics"/>: one that counts finite values into bins.</summary>
/// <remarks>
/// Bins are one row: positive values at <c>[0, B)</c>, negative ones at <c>[B, 2B)</c>, and after them 16 slots for zeros. Vectors compute the indices of a piece of values into a buffer in the
/// first-level cache, then plain increments follow: a processor cannot scatter increments, but it can overlap them as long as neighbours hit different counters. Zeros are many in activations,
/// so those of neighbouring lanes get slots of their own.
/// </remarks>
internal static unsafe class HistogramKernels
{
    /// <summary>The slots for zeros behind the bins, one a lane of the widest vector.</summary>
    public const int ZeroSlots = 16;

    private const int PieceLength = 2048;

    /// <summary>Narrow counters of this many bins fill the first-level cache.</summary>
    private const int MostNarrowBins = 2 * TensorStatistics.DefaultBinsPerSign + ZeroSlots;

    /// <summary>Counts finite values that fit into <c>bins[i]</c> or <c>bins[B + i]</c>, i = floor(|x| / 2^exponent).</summary>
    /// <returns>The number of zeros, which are in no bin.</returns>
    public static long Count(ReadOnlySpan<float> values, int exponent, Span<long> bins)
    {
        BinIndexer indexer = new(exponent, (bins.Length - ZeroSlots) / 2);
        if (bins.Length <= MostNarrowBins && values.Length >= 16 * bins.Length)
        {
            CountNarrow(values, indexer, bins);
        }
        else
        {
            fixed (long* counts = bins)
            {
                Count(values, indexer, counts);
            }
        }

        return TakeZeros(bins[^ZeroSlots..]);
    }

    /// <summary>Counts in 32 bits, which a span cannot overflow, and adds up: half the counters' footprint in the cache for two more passes over the bins.</summary>
    [SkipLocalsInit]
    private static void CountNarrow(ReadOnlySpan<float> values, BinIndexer indexer, Span<long> bins)
    {
        Span<uint> narrow = stackalloc uint[MostNarrowBins];
        narrow = narrow[..bins.Length];
        narrow.Clear();
        fixed (uint* counts = narrow)
        {
            Count(values, indexer, counts);
        }

        for (int i = 0; i < narrow.Length; i++)
        {
            bins[i] += narrow[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Count<TCounter>(ReadOnlySpan<float> values, BinIndexer indexer, TCounter* counts)
        where TCounter : unmanaged, IBinaryInteger<TCounter>
    {
        int* indices = stackalloc int[PieceLength];
        fixed (float* source = values)
        {
            for (int start = 0; start < values.Length; start += PieceLength)
            {
                int length = Math.Min(PieceLength, values.Length - start);
                indexer.Index(source + start, length, indices);
                int i = 0;
                for (; i <= length - 4; i += 4)
                {
                    // Two indices a load: the increments need the load units too.
                    ulong first = *(ulong*)(indices + i);
                    ulong second = *(ulong*)(indices + i + 2);
                    counts[(uint)first]++;
                    counts[first >> 32]++;
                    counts[(uint)second]++;
                    counts[second >> 32]++;
                }

                for (; i < length; i++)
                {
                    counts[(uint)indices[i]]++;
                }
            }
        }
    }

    private static long TakeZeros(Span<long> slots)
    {
        long zeros = 0;
        foreach (long count in slots)
        {
            zeros += count;
        }

        slots.Clear();
        return zeros;
    }

    /// <summary>Computes where finite values are counted. |x| / 2^k is |x| times two powers of two, as the reciprocal of a small 2^k is no float; the product is exact, or below 1 and so in bin 0.</summary>
    private readonly struct BinIndexer
    {
        private readonly float _scale;
        private readonly float _secondScale;
        private readonly int _binsPerSign;
        private readonly int _signShift;

        public BinIndexer(int exponent, int binsPerSign)
        {
            int half = -exponent / 2;
            _scale = MathF.ScaleB(1, half);
            _secondScale = MathF.ScaleB(1, -exponent - half);
            _binsPerSign = binsPerSign;
            _signShift = BitOperations.Log2((uint)binsPerSign);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Index(float* values, int length, int* indices)
        {
            int i = 0;
            if (Vector.IsHardwareAccelerated)
            {
                for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
                {
                    IndexOf(Vector.Load(values + i), i).Store(indices + i);
                }
            }

            for (; i < length; i++)
            {
                indices[i] = IndexOf(values[i], i);
            }
        }

        // The sign bit, moved to the place of B, is added to the bin; zeros go to slot 2B + (position modulo 16).
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Vector<int> IndexOf(Vector<float> values, int position)
        {
            Vector<int> bin = Vector.ConvertToInt32Native(Vector.Abs(values) * _scale * _secondScale);
            Vector<int> side = (values.As<float, uint>() >>> 31 << _signShift).As<uint, int>();
            Vector<int> slot = Vector.Create(2 * _binsPerSign + position % ZeroSlots) + Vector<int>.Indices;
            return Vector.ConditionalSelect(Vector.Equals(values, Vector<float>.Zero), slot, bin | side);
        }

        private int IndexOf(float value, int position) => value == 0
            ? 2 * _binsPerSign + position % ZeroSlots
            : (int)(MathF.Abs(value) * _scale * _secondScale) + (value < 0 ? _binsPerSign : 0);
    }
}
