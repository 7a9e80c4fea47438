using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Codebooks;

/// <summary>
/// Dequantizes codes of 4 bits as they are stored, two in a byte: looks up the level of each code and multiplies it by the scale.
/// </summary>
/// <remarks>
/// 512 bits hold 16 levels: shifts that differ from lane to lane take the codes apart, and one permutation finds the levels. Narrower
/// vectors look up bytes: the first bytes of the levels of all codes, the second ones, and so on, which are then put together.
/// </remarks>
internal static unsafe class PairLevelKernel
{
    private const int Step512 = 64;
    private const int Step256 = 32;
    private const int Step128 = 16;

    /// <summary>Writes <c>levels[code] · scale</c>, rounded to float.</summary>
    /// <param name="levels">16 levels.</param>
    /// <param name="planes">Their <see cref="CodebookCells.LevelPlanes"/>.</param>
    /// <param name="pairs">The codes, the first of each pair in the low bits.</param>
    /// <param name="scales">The scales.</param>
    /// <param name="values">Receives the values.</param>
    /// <param name="count">How many there are.</param>
    /// <returns>How many were written: whole steps.</returns>
    public static nint Dequantize(float* levels, byte* planes, byte* pairs, ScaleRuns scales, float* values, nint count)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            return Dequantize512(levels, pairs, scales, values, count - count % Step512);
        }

        if (Avx2.IsSupported)
        {
            return Dequantize256(planes, pairs, scales, values, count - count % Step256);
        }

        return Vector128.IsHardwareAccelerated ? Dequantize128(planes, pairs, scales, values, count - count % Step128) : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static nint Dequantize512(float* levels, byte* pairs, ScaleRuns scales, float* values, nint count)
    {
        Vector512<float> table = Vector512.Load(levels);
        Vector512<int> isUpper = Vector512.Create(0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1);
        for (nint i = 0; i < count; i += Step512)
        {
            for (int vector = 0; vector < Step512; vector += Vector512<float>.Count)
            {
                int* codes = (int*)(pairs + ((i + vector) >> 1));
                Vector512<uint> eight =
                    Vector512.ConditionalSelect(isUpper, Vector512.Create(codes[1]), Vector512.Create(codes[0])).AsUInt32();

                // The permutation looks at the low four bits.
                Vector512<uint> index = Avx512F.ShiftRightLogicalVariable(
                    eight, Vector512.Create(0u, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28));
                (Avx512F.PermuteVar16x32(table, index.AsInt32()) * Vector512.Create(scales[i + vector])).Store(values + i + vector);
            }
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static nint Dequantize256(byte* planes, byte* pairs, ScaleRuns scales, float* values, nint count)
    {
        Vector256<byte> first = Vector256.Create(Vector128.Load(planes), Vector128.Load(planes));
        Vector256<byte> second = Vector256.Create(Vector128.Load(planes + 16), Vector128.Load(planes + 16));
        Vector256<byte> third = Vector256.Create(Vector128.Load(planes + 32), Vector128.Load(planes + 32));
        Vector256<byte> fourth = Vector256.Create(Vector128.Load(planes + 48), Vector128.Load(planes + 48));

        // Each pair in a word of its own, those of codes 0–3, 8–11, 16–19 and 24–27 in the lower half: interleaving then gives whole
        // vectors in order.
        Vector256<byte> order = Vector256.Create(
            0, 255, 1, 255, 4, 255, 5, 255, 8, 255, 9, 255, 12, 255, 13, 255, 2, 255, 3, 255, 6, 255, 7, 255, 10, 255, 11, 255, 14, 255, 15,
            255).AsByte();
        for (nint i = 0; i < count; i += Step256)
        {
            Vector256<ushort> words = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(pairs + (i >> 1)), order).AsUInt16();
            Vector256<byte> codes = (words | (words << 4)).AsByte() & Vector256.Create((byte)15);
            Vector256<byte> a = Avx2.Shuffle(first, codes), b = Avx2.Shuffle(second, codes);
            Vector256<byte> c = Avx2.Shuffle(third, codes), d = Avx2.Shuffle(fourth, codes);
            Vector256<ushort> lowLow = Avx2.UnpackLow(a, b).AsUInt16(), lowHigh = Avx2.UnpackLow(c, d).AsUInt16();
            Vector256<ushort> highLow = Avx2.UnpackHigh(a, b).AsUInt16(), highHigh = Avx2.UnpackHigh(c, d).AsUInt16();
            (Avx2.UnpackLow(lowLow, lowHigh).AsSingle() * Vector256.Create(scales[i])).Store(values + i);
            (Avx2.UnpackHigh(lowLow, lowHigh).AsSingle() * Vector256.Create(scales[i + 8])).Store(values + i + 8);
            (Avx2.UnpackLow(highLow, highHigh).AsSingle() * Vector256.Create(scales[i + 16])).Store(values + i + 16);
            (Avx2.UnpackHigh(highLow, highHigh).AsSingle() * Vector256.Create(scales[i + 24])).Store(values + i + 24);
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static nint Dequantize128(byte* planes, byte* pairs, ScaleRuns scales, float* values, nint count)
    {
        Vector128<byte> first = Vector128.Load(planes);
        Vector128<byte> second = Vector128.Load(planes + 16);
        Vector128<byte> third = Vector128.Load(planes + 32);
        Vector128<byte> fourth = Vector128.Load(planes + 48);
        for (nint i = 0; i < count; i += Step128)
        {
            Vector128<ushort> words = Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)(pairs + (i >> 1))).AsByte());
            Vector128<byte> codes = (words | (words << 4)).AsByte() & Vector128.Create((byte)15);
            (Vector128<ushort> a, Vector128<ushort> b) = Vector128.Widen(Vector128.Shuffle(first, codes));
            (Vector128<ushort> c, Vector128<ushort> d) = Vector128.Widen(Vector128.Shuffle(second, codes));
            (Vector128<ushort> e, Vector128<ushort> f) = Vector128.Widen(Vector128.Shuffle(third, codes));
            (Vector128<ushort> g, Vector128<ushort> h) = Vector128.Widen(Vector128.Shuffle(fourth, codes));
            Vector128<float> factor = Vector128.Create(scales[i]);
            Store(a | (c << 8), e | (g << 8), factor, values + i);
            Store(b | (d << 8), f | (h << 8), factor, values + i + 8);
        }

        return count;
    }

    /// <summary>Puts the lower and the upper halves of eight levels together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<ushort> lower, Vector128<ushort> upper, Vector128<float> factor, float* values)
    {
        (Vector128<uint> lowerFirst, Vector128<uint> lowerSecond) = Vector128.Widen(lower);
        (Vector128<uint> upperFirst, Vector128<uint> upperSecond) = Vector128.Widen(upper);
        ((lowerFirst | (upperFirst << 16)).AsSingle() * factor).Store(values);
        ((lowerSecond | (upperSecond << 16)).AsSingle() * factor).Store(values + 4);
    }
}
