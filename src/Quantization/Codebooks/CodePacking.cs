using System.Numerics;
using System.Runtime.CompilerServices;

namespace Quantization.Codebooks;

/// <summary>
/// Between one code per byte and 8, 4 or 2 codes per byte, the first in the lowest bits. Neighbours are joined in rounds: bytes with w used
/// bits become half as many with 2w.
/// </summary>
internal static unsafe class CodePacking
{
    /// <summary>
    /// Packs codes of <paramref name="bits"/> bits, and uses their memory as scratch. Bits of the last byte that belong to no code become
    /// 0.
    /// </summary>
    /// <param name="codes">The codes, one per byte; followed by 7 bytes that may be overwritten.</param>
    /// <param name="count">How many codes.</param>
    /// <param name="bits">1, 2 or 4.</param>
    /// <param name="packed">Receives the packed bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(byte* codes, int count, int bits, byte* packed)
    {
        int codesPerByte = 8 / bits;
        int bytes = (count + codesPerByte - 1) / codesPerByte * codesPerByte;
        new Span<byte>(codes + count, bytes - count).Clear();
        for (int width = bits; width < 8; width *= 2)
        {
            bytes /= 2;
            JoinPairs(codes, bytes, width, width == 4 ? packed : codes);
        }
    }

    /// <summary>Unpacks codes of <paramref name="bits"/> bits.</summary>
    /// <param name="packed">The packed bytes.</param>
    /// <param name="count">How many codes.</param>
    /// <param name="bits">1, 2 or 4.</param>
    /// <param name="codes">Receives one code per byte; followed by 7 bytes that may be overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* packed, int count, int bits, byte* codes)
    {
        int codesPerByte = 8 / bits;
        int bytes = (count + codesPerByte - 1) / codesPerByte;
        for (int width = 4; width >= bits; width /= 2)
        {
            SplitPairs(width == 4 ? packed : codes, bytes, width, codes);
            bytes *= 2;
        }
    }

    /// <summary>results[i] = pairs[2i] | pairs[2i + 1] &lt;&lt; width, forward, so that the results may overwrite the pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void JoinPairs(byte* pairs, int count, int width, byte* results)
    {
        int i = 0;
        for (; i <= count - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            Vector<ushort> first = Vector.Load((ushort*)(pairs + 2 * i));
            Vector<ushort> second = Vector.Load((ushort*)(pairs + 2 * i + Vector<byte>.Count));
            Vector.Narrow(first | (first >>> (8 - width)), second | (second >>> (8 - width))).Store(results + i);
        }

        for (; i < count; i++)
        {
            results[i] = (byte)(pairs[2 * i] | (pairs[2 * i + 1] << width));
        }
    }

    /// <summary>The reverse, backward, so that the results may overwrite what they come from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SplitPairs(byte* joined, int count, int width, byte* results)
    {
        int mask = (1 << width) - 1;
        int i = count;
        for (; i % Vector<byte>.Count != 0; i--)
        {
            (results[2 * i - 2], results[2 * i - 1]) = ((byte)(joined[i - 1] & mask), (byte)(joined[i - 1] >> width));
        }

        Vector<ushort> masks = new((ushort)(mask * 0x101));
        for (; i > 0; i -= Vector<byte>.Count)
        {
            Vector.Widen(Vector.Load(joined + i - Vector<byte>.Count), out Vector<ushort> first, out Vector<ushort> second);
            ((first | (first << (8 - width))) & masks).Store((ushort*)(results + 2 * i - 2 * Vector<byte>.Count));
            ((second | (second << (8 - width))) & masks).Store((ushort*)(results + 2 * i - Vector<byte>.Count));
        }
    }
}
