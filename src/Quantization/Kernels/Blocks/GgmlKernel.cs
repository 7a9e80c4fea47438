using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>
/// ggml's blocks: a block of 32 values is four vectors of 256 bits, and stays in registers from its largest magnitude to its codes.
/// </summary>
/// <remarks>
/// Blocks whose inverse scale overflows, of subnormal values, take the obvious loop: what infinite quotients become is the processor's
/// choice in vectors.
/// </remarks>
internal static unsafe class GgmlKernel
{
    private const int HeadBytes = 2;
    private const int BlockLength = GgmlBlocks.BlockLength;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void QuantizeQ8(float* source, byte* destination, nint blocks)
    {
        for (nint block = 0; block < blocks; block++)
        {
            float* values = source + block * BlockLength;
            Driver.Prefetch(values, BlockLength * sizeof(float));
            byte* bytes = destination + block * GgmlBlocks.Q8Bytes;
            float magnitude = BitConverter.Int32BitsToSingle(MaxMagnitudeBits(values));
            StoreScale(magnitude / 127, bytes);
            float inverse = magnitude == 0 ? 0 : 127 / magnitude;
            if (float.IsFinite(inverse))
            {
                StoreCodes(values, Vector256.Create(inverse), (sbyte*)bytes + HeadBytes);
            }
            else
            {
                QuantizeQ8Obviously(values, inverse, bytes + HeadBytes);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DequantizeQ8(byte* source, float* destination, nint blocks)
    {
        for (nint block = 0; block < blocks; block++)
        {
            byte* bytes = source + block * GgmlBlocks.Q8Bytes;
            StoreValues(Vector256.Load((sbyte*)bytes + HeadBytes), ScaleOf(bytes), destination + block * BlockLength);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void QuantizeQ4(float* source, byte* destination, nint blocks)
    {
        for (nint block = 0; block < blocks; block++)
        {
            float* values = source + block * BlockLength;
            Driver.Prefetch(values, BlockLength * sizeof(float));
            byte* bytes = destination + block * GgmlBlocks.Q4Bytes;
            float scale = FirstOfLargestMagnitude(values) / -8;
            StoreScale(scale, bytes);
            float inverse = scale == 0 ? 0 : 1 / scale;
            if (float.IsFinite(inverse))
            {
                StoreNibbles(values, Vector256.Create(inverse), (sbyte*)bytes + HeadBytes);
            }
            else
            {
                QuantizeQ4Obviously(values, inverse, bytes + HeadBytes);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DequantizeQ4(byte* source, float* destination, nint blocks)
    {
        for (nint block = 0; block < blocks; block++)
        {
            byte* bytes = source + block * GgmlBlocks.Q4Bytes;
            Vector128<byte> pairs = Vector128.Load(bytes + HeadBytes);
            Vector256<byte> codes = Vector256.Create(pairs & Vector128.Create((byte)15), pairs >>> 4);
            StoreValues(codes.AsSByte() - Vector256.Create((sbyte)8), ScaleOf(bytes), destination + block * BlockLength);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> MagnitudeBits(float* values) => Vector256.Load((int*)values) & Vector256.Create(int.MaxValue);

    /// <summary>The bits of the largest magnitude of a block: as integers they order as the magnitudes do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int MaxMagnitudeBits(float* values)
    {
        Vector256<int> lanes = Vector256.Max(
            Vector256.Max(MagnitudeBits(values), MagnitudeBits(values + 8)),
            Vector256.Max(MagnitudeBits(values + 16), MagnitudeBits(values + 24)));
        Vector128<int> four = Vector128.Max(lanes.GetLower(), lanes.GetUpper());
        Vector128<int> two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Math.Max(two[0], two[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float FirstOfLargestMagnitude(float* values)
    {
        int largest = MaxMagnitudeBits(values);
        Vector256<int> lanes = Vector256.Create(largest);
        uint isLargest = Vector256.Equals(MagnitudeBits(values), lanes).ExtractMostSignificantBits()
            | Vector256.Equals(MagnitudeBits(values + 8), lanes).ExtractMostSignificantBits() << 8
            | Vector256.Equals(MagnitudeBits(values + 16), lanes).ExtractMostSignificantBits() << 16
            | Vector256.Equals(MagnitudeBits(values + 24), lanes).ExtractMostSignificantBits() << 24;
        return largest == 0 ? 0 : values[BitOperations.TrailingZeroCount(isLargest)];
    }

    /// <summary>Rounds the products of a block's values half to even, and writes 32 codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreCodes(float* values, Vector256<float> factor, sbyte* codes)
    {
        Vector256<float> first = Vector256.Load(values) * factor;
        Vector256<float> second = Vector256.Load(values + 8) * factor;
        Vector256<float> third = Vector256.Load(values + 16) * factor;
        Vector256<float> fourth = Vector256.Load(values + 24) * factor;
        if (Simd256.IsSupported)
        {
            Simd256.StoreBytes<sbyte, CachedStores>(first, second, third, fourth, Vector256<int>.Zero, codes);
        }
        else
        {
            Simd128.StoreBytes<sbyte, CachedStores>(
                first.GetLower(), first.GetUpper(), second.GetLower(), second.GetUpper(), Vector128<int>.Zero, codes);
            Simd128.StoreBytes<sbyte, CachedStores>(
                third.GetLower(), third.GetUpper(), fourth.GetLower(), fourth.GetUpper(), Vector128<int>.Zero, codes + 16);
        }
    }

    /// <summary>Writes 16 pairs of codes: value i in the low half of byte i, value i + 16 in its high half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreNibbles(float* values, Vector256<float> factor, sbyte* codes)
    {
        Vector256<int> lower = NibblesOf(values, factor) | (NibblesOf(values + 16, factor) << 4);
        Vector256<int> upper = NibblesOf(values + 8, factor) | (NibblesOf(values + 24, factor) << 4);
        Vector256<short> words = Vector256.Narrow(lower, upper);
        Vector128.Narrow(words.GetLower(), words.GetUpper()).Store(codes);
    }

    /// <summary>Eight codes of 4 bits. Products lie within ±8, so that sums do not overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> NibblesOf(float* values, Vector256<float> factor) => Vector256.Min(
        Vector256.ConvertToInt32Native(Vector256.Load(values) * factor + Vector256.Create(8.5f)), Vector256.Create(15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreValues(Vector256<sbyte> codes, float scale, float* values)
    {
        Vector256<float> factor = Vector256.Create(scale);
        Vector256<short> lower = Vector256.WidenLower(codes);
        Vector256<short> upper = Vector256.WidenUpper(codes);
        (Vector256.ConvertToSingle(Vector256.WidenLower(lower)) * factor).Store(values);
        (Vector256.ConvertToSingle(Vector256.WidenUpper(lower)) * factor).Store(values + 8);
        (Vector256.ConvertToSingle(Vector256.WidenLower(upper)) * factor).Store(values + 16);
        (Vector256.ConvertToSingle(Vector256.WidenUpper(upper)) * factor).Store(values + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ScaleOf(byte* block) =>
        HalfBits.ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(block, HeadBytes)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreScale(float scale, byte* block) =>
        BinaryPrimitives.WriteUInt16LittleEndian(new Span<byte>(block, HeadBytes), HalfBits.Of(scale));

    private static void QuantizeQ8Obviously(float* values, float inverse, byte* codes)
    {
        for (int i = 0; i < BlockLength; i++)
        {
            codes[i] = (byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.ToEven);
        }
    }

    private static void QuantizeQ4Obviously(float* values, float inverse, byte* codes)
    {
        for (int i = 0; i < BlockLength / 2; i++)
        {
            codes[i] = (byte)(NibbleOf(values[i] * inverse) | (NibbleOf(values[i + BlockLength / 2] * inverse) << 4));
        }
    }

    /// <summary>As ggml truncates: through a signed byte. A quotient that overflowed has no meaning there; it saturates here.</summary>
    private static int NibbleOf(float quotient) => Math.Clamp((int)(quotient + 8.5f), 0, 15);
}
