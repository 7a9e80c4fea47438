using System.Numerics;
using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>The loops over elements behind <see cref="TensorStatistics"/> that count finite values into bins.</summary>
/// <remarks>
/// Vectors compute the indices of a piece of values into a buffer in the first-level cache, then plain increments follow: a processor
/// cannot scatter increments, but it can overlap them as long as they hit different counters. Neighbouring activations are alike, so a
/// piece is counted as stretches side by side: first the first index of each, then the second, and so on. An increment then meets the
/// counter of its neighbour no sooner than 16 increments later, when that is done.
/// </remarks>
internal static unsafe class HistogramKernels
{
    /// <summary>The stretches of a piece that are counted side by side.</summary>
    public const int Stretches = 16;

    /// <summary>The indices in a stretch.</summary>
    public const int StretchLength = 128;

    /// <summary>The values that are indexed at a time.</summary>
    public const int PieceLength = Stretches * StretchLength;

    /// <summary>
    /// The slots for zeros behind the bins: they are many in activations, so each stretch of a piece has a slot of its own.
    /// </summary>
    public const int ZeroSlots = Stretches;

    /// <summary>Counts finite values that fit into <c>bins[i]</c> or <c>bins[B + i]</c>, i = floor(|x| / 2^exponent).</summary>
    /// <returns>The number of zeros, which are in no bin.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static long Count(ReadOnlySpan<float> values, int exponent, Span<long> bins)
    {
        BinIndexer indexer = new(exponent, (bins.Length - ZeroSlots) / 2);
        int* indices = stackalloc int[PieceLength];
        fixed (float* source = values)
        fixed (long* counts = bins)
        {
            for (int start = 0; start < values.Length; start += PieceLength)
            {
                int length = Math.Min(PieceLength, values.Length - start);
                indexer.Index(source + start, length, indices);
                if (length == PieceLength)
                {
                    IncrementPiece(indices, counts);
                }
                else
                {
                    Increment(indices, length, counts);
                }
            }
        }

        return TakeZeros(bins);
    }

    /// <summary>Increments the counters of a whole piece.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void IncrementPiece<TCounter>(int* indices, TCounter* counts)
        where TCounter : unmanaged, IBinaryInteger<TCounter>
    {
        for (int i = 0; i < StretchLength; i++)
        {
            int* first = indices + i;
            counts[(uint)first[0]]++;
            counts[(uint)first[StretchLength]]++;
            counts[(uint)first[2 * StretchLength]]++;
            counts[(uint)first[3 * StretchLength]]++;
            counts[(uint)first[4 * StretchLength]]++;
            counts[(uint)first[5 * StretchLength]]++;
            counts[(uint)first[6 * StretchLength]]++;
            counts[(uint)first[7 * StretchLength]]++;
            counts[(uint)first[8 * StretchLength]]++;
            counts[(uint)first[9 * StretchLength]]++;
            counts[(uint)first[10 * StretchLength]]++;
            counts[(uint)first[11 * StretchLength]]++;
            counts[(uint)first[12 * StretchLength]]++;
            counts[(uint)first[13 * StretchLength]]++;
            counts[(uint)first[14 * StretchLength]]++;
            counts[(uint)first[15 * StretchLength]]++;
        }
    }

    /// <summary>Increments the counters of part of a piece.</summary>
    public static void Increment<TCounter>(int* indices, int length, TCounter* counts)
        where TCounter : unmanaged, IBinaryInteger<TCounter>
    {
        for (int i = 0; i < length; i++)
        {
            counts[(uint)indices[i]]++;
        }
    }

    /// <summary>Adds bins up in groups of 2^<paramref name="shift"/> neighbours; those beyond are empty then.</summary>
    public static void MergeNeighbours<TCounter>(Span<TCounter> bins, int shift)
        where TCounter : unmanaged, IBinaryInteger<TCounter>
    {
        for (int i = 1; i < bins.Length; i++)
        {
            TCounter count = bins[i];
            bins[i] = TCounter.Zero;
            bins[ShiftedBin(i, shift)] += count;
        }
    }

    /// <summary>The bin of 2^shift times the width; C# takes shift counts modulo 32, so a long way up is bin 0 by hand.</summary>
    public static int ShiftedBin(int bin, int shift) => shift < 31 ? bin >> shift : 0;

    /// <summary>Sums up and empties the slots for zeros behind the bins.</summary>
    public static long TakeZeros<TCounter>(Span<TCounter> bins)
        where TCounter : unmanaged, IBinaryInteger<TCounter>
    {
        long zeros = 0;
        foreach (ref TCounter count in bins[^ZeroSlots..])
        {
            zeros += long.CreateTruncating(count);
            count = TCounter.Zero;
        }

        return zeros;
    }
}
