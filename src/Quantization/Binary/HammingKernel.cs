using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Binary;

/// <summary>Counts the bits in which two stretches of memory differ.</summary>
internal static unsafe class HammingKernel
{
    /// <summary>A step adds at most 8 to a byte: 31 steps fit.</summary>
    private const nint StepsPerSum = 31;

    private const nint LongestShortRow = 256;

    /// <summary>The number of differing bits of <paramref name="bytes"/> bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Count(byte* left, byte* right, nint bytes)
    {
        long count = 0;
        nint i = 0;
        if (Vector512.IsHardwareAccelerated && Avx512BW.IsSupported)
        {
            // How many bits each half of a byte has, for every 128-bit lane.
            Vector128<byte> bits = Vector128.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
            Vector512<byte> bitsOfHalf = Vector512.Create(Vector256.Create(bits, bits), Vector256.Create(bits, bits));
            Vector512<byte> lowHalf = Vector512.Create((byte)0x0F);
            while (i <= bytes - Vector512<byte>.Count)
            {
                Vector512<byte> sums = Vector512<byte>.Zero;
                nint end = Math.Min(bytes, i + StepsPerSum * Vector512<byte>.Count);
                for (; i <= end - Vector512<byte>.Count; i += Vector512<byte>.Count)
                {
                    Vector512<byte> differing = Vector512.Load(left + i) ^ Vector512.Load(right + i);
                    sums += Avx512BW.Shuffle(bitsOfHalf, differing & lowHalf)
                        + Avx512BW.Shuffle(bitsOfHalf, (differing.AsUInt16() >>> 4).AsByte() & lowHalf);
                }

                count += Vector512.Sum(Avx512BW.SumAbsoluteDifferences(sums, Vector512<byte>.Zero).AsInt64());
            }
        }

        long second = 0;
        for (; i <= bytes - 2 * sizeof(ulong); i += 2 * sizeof(ulong))
        {
            count += BitOperations.PopCount(*(ulong*)(left + i) ^ *(ulong*)(right + i));
            second += BitOperations.PopCount(*(ulong*)(left + i + sizeof(ulong)) ^ *(ulong*)(right + i + sizeof(ulong)));
        }

        for (; i < bytes; i++)
        {
            count += BitOperations.PopCount((uint)(left[i] ^ right[i]));
        }

        return count + second;
    }

    /// <summary>The number of bits in which each row of bits differs from a query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CountRows(byte* rows, nint rowBytes, nint count, byte* query, int* distances)
    {
        // Long rows gain by vectors; a few words are counted faster one by one.
        if (rowBytes > LongestShortRow)
        {
            for (nint row = 0; row < count; row++)
            {
                distances[row] = (int)Count(rows + row * rowBytes, query, rowBytes);
            }

            return;
        }

        nint words = rowBytes & ~(sizeof(ulong) - 1);
        for (nint row = 0; row < count; row++)
        {
            byte* bits = rows + row * rowBytes;
            int distance = 0;
            nint i = 0;
            for (; i < words; i += sizeof(ulong))
            {
                distance += BitOperations.PopCount(*(ulong*)(bits + i) ^ *(ulong*)(query + i));
            }

            for (; i < rowBytes; i++)
            {
                distance += BitOperations.PopCount((uint)(bits[i] ^ query[i]));
            }

            distances[row] = distance;
        }
    }
}
