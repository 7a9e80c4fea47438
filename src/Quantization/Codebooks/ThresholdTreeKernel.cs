using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Codebooks;

/// <summary>Quantizes by a <see cref="ThresholdTree"/>: each lane walks down its own path, all in registers.</summary>
internal static unsafe class ThresholdTreeKernel
{
    private const int Step512 = 64;
    private const int Step256 = 32;

    /// <summary>
    /// The table of vfixupimm: quiet and signalling NaN (tokens 0 and 1) answer +0 (response 8), others keep their value (response 0).
    /// </summary>
    private const int NaNBecomesZero = 0x88;

    /// <summary>Whether the processor can walk the tree: 512-bit registers for both sizes, 256-bit ones for 16 cells.</summary>
    public static bool CanWalk(ThresholdTree tree) => IsWide || (Avx2.IsSupported && tree.Depth == ThresholdTree.SmallDepth);

    private static bool IsWide => Vector512.IsHardwareAccelerated && Avx512BW.IsSupported;

    /// <summary>
    /// Writes the code of each <c>values[i] / scale</c>; NaN counts as 0. Codes may overwrite the values from their start.
    /// </summary>
    /// <param name="tree">The tree.</param>
    /// <param name="values">The first value.</param>
    /// <param name="scales">Where a scale is found for each value.</param>
    /// <param name="codes">Receives one code per byte.</param>
    /// <param name="count">How many values.</param>
    public static void Quantize(ThresholdTree tree, float* values, ScaleRuns scales, byte* codes, nint count)
    {
        nint whole = count - count % (IsWide ? Step512 : Step256);
        QuantizeWhole(tree, values, scales, codes, whole);
        if (whole != count)
        {
            QuantizeRest(tree, values + whole, scales.Skip(whole), codes + whole, (int)(count - whole));
        }
    }

    /// <summary>The rest goes through a full step in a buffer of its own: nothing behind the end is read or written.</summary>
    [SkipLocalsInit]
    private static void QuantizeRest(ThresholdTree tree, float* values, ScaleRuns scales, byte* codes, int count)
    {
        float* quotients = stackalloc float[Step512];
        byte* paddedCodes = stackalloc byte[Step512];
        for (int i = 0; i < count; i++)
        {
            quotients[i] = values[i] / scales[i];
        }

        float one = 1;
        QuantizeWhole(tree, quotients, ScaleRuns.One(&one), paddedCodes, Step512);
        new ReadOnlySpan<byte>(paddedCodes, count).CopyTo(new Span<byte>(codes, count));
    }

    private static void QuantizeWhole(ThresholdTree tree, float* values, ScaleRuns scales, byte* codes, nint count)
    {
        if (!IsWide)
        {
            WalkSmall256(tree, values, scales, codes, count);
        }
        else if (tree.Depth == ThresholdTree.SmallDepth)
        {
            WalkSmall512(tree, values, scales, codes, count);
        }
        else
        {
            WalkLarge512(tree, values, scales, codes, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WalkSmall512(ThresholdTree tree, float* values, ScaleRuns scales, byte* codes, nint count)
    {
        Vector512<int> nan = Vector512.Create(tree.NaNIsZero ? NaNBecomesZero : 0);
        Vector512<byte> codesByPath = Vector512.Create(
            Vector256.Create(Vector128.Create<byte>(tree.Codes), Vector128.Create<byte>(tree.Codes)),
            Vector256.Create(Vector128.Create<byte>(tree.Codes), Vector128.Create<byte>(tree.Codes)));
        for (nint i = 0; i < count; i += Step512)
        {
            Vector512<int> a = SmallPath(Load(values + i, scales[i], nan), tree);
            Vector512<int> b = SmallPath(Load(values + i + 16, scales[i + 16], nan), tree);
            Vector512<int> c = SmallPath(Load(values + i + 32, scales[i + 32], nan), tree);
            Vector512<int> d = SmallPath(Load(values + i + 48, scales[i + 48], nan), tree);
            Avx512BW.Shuffle(codesByPath, LanePacking.ToBytes(a, b, c, d)).Store(codes + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WalkLarge512(ThresholdTree tree, float* values, ScaleRuns scales, byte* codes, nint count)
    {
        Vector512<int> nan = Vector512.Create(tree.NaNIsZero ? NaNBecomesZero : 0);
        fixed (byte* codesByPath = tree.Codes)
        {
            for (nint i = 0; i < count; i += Step512)
            {
                Vector512<int> a = LargePath(Load(values + i, scales[i], nan), tree);
                Vector512<int> b = LargePath(Load(values + i + 16, scales[i + 16], nan), tree);
                Vector512<int> c = LargePath(Load(values + i + 32, scales[i + 32], nan), tree);
                Vector512<int> d = LargePath(Load(values + i + 48, scales[i + 48], nan), tree);
                Lookup(codesByPath, LanePacking.ToBytes(a, b, c, d)).Store(codes + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(float* values, float scale, Vector512<int> nan)
    {
        Vector512<float> quotients = Vector512.Load(values) / Vector512.Create(scale);
        return Avx512F.Fixup(quotients, quotients, nan, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> SmallPath(Vector512<float> value, ThresholdTree tree)
    {
        Vector512<int> path = (value - tree.Root).AsInt32() >>> 31;
        path |= ((value - Avx512F.PermuteVar16x32(tree.Level1, path)).AsInt32() >>> 30) & Vector512.Create(1 << 1);
        path |= ((value - Avx512F.PermuteVar16x32(tree.Level2, path)).AsInt32() >>> 29) & Vector512.Create(1 << 2);
        return path | (((value - Avx512F.PermuteVar16x32(tree.Level3, path)).AsInt32() >>> 28) & Vector512.Create(1 << 3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> LargePath(Vector512<float> value, ThresholdTree tree)
    {
        Vector512<int> path = SmallPath(value, tree);
        path |= ((value - Avx512F.PermuteVar16x32(tree.Level4, path)).AsInt32() >>> 27) & Vector512.Create(1 << 4);
        path |= ((value - Avx512F.PermuteVar16x32x2(tree.Level5A, path, tree.Level5B)).AsInt32() >>> 26) & Vector512.Create(1 << 5);

        Vector512<int> isSixthSet = Vector512.Equals(path & Vector512.Create(1 << 5), Vector512.Create(1 << 5));
        Vector512<float> level6 = Select(
            isSixthSet,
            Avx512F.PermuteVar16x32x2(tree.Level6C, path, tree.Level6D),
            Avx512F.PermuteVar16x32x2(tree.Level6A, path, tree.Level6B));
        path |= ((value - level6).AsInt32() >>> 25) & Vector512.Create(1 << 6);

        Vector512<int> isSeventhSet = Vector512.Equals(path & Vector512.Create(1 << 6), Vector512.Create(1 << 6));
        Vector512<float> lower = Select(
            isSixthSet,
            Avx512F.PermuteVar16x32x2(tree.Level7C, path, tree.Level7D),
            Avx512F.PermuteVar16x32x2(tree.Level7A, path, tree.Level7B));
        Vector512<float> upper = Select(
            isSixthSet,
            Avx512F.PermuteVar16x32x2(tree.Level7G, path, tree.Level7H),
            Avx512F.PermuteVar16x32x2(tree.Level7E, path, tree.Level7F));
        return path | (((value - Select(isSeventhSet, upper, lower)).AsInt32() >>> 24) & Vector512.Create(1 << 7));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Select(Vector512<int> mask, Vector512<float> set, Vector512<float> clear) =>
        Vector512.ConditionalSelect(mask.AsSingle(), set, clear);

    /// <summary>Looks 64 bytes up in a table of 256.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Lookup(byte* table, Vector512<byte> indices)
    {
        if (!Avx512Vbmi.IsSupported)
        {
            Vector512<byte> results = default;
            for (int i = 0; i < Vector512<byte>.Count; i++)
            {
                results = results.WithElement(i, table[indices[i]]);
            }

            return results;
        }

        Vector512<byte> lower = Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(table), indices, Vector512.Load(table + 64));
        Vector512<byte> upper = Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(table + 128), indices, Vector512.Load(table + 192));
        return Vector512.ConditionalSelect(Vector512.LessThan(indices.AsSByte(), Vector512<sbyte>.Zero).AsByte(), upper, lower);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WalkSmall256(ThresholdTree tree, float* values, ScaleRuns scales, byte* codes, nint count)
    {
        Vector256<byte> codesByPath = Vector256.Create(Vector128.Create<byte>(tree.Codes), Vector128.Create<byte>(tree.Codes));
        for (nint i = 0; i < count; i += Step256)
        {
            Vector256<int> a = SmallPath(Vector256.Load(values + i) / Vector256.Create(scales[i]), tree);
            Vector256<int> b = SmallPath(Vector256.Load(values + i + 8) / Vector256.Create(scales[i + 8]), tree);
            Vector256<int> c = SmallPath(Vector256.Load(values + i + 16) / Vector256.Create(scales[i + 16]), tree);
            Vector256<int> d = SmallPath(Vector256.Load(values + i + 24) / Vector256.Create(scales[i + 24]), tree);
            Avx2.Shuffle(codesByPath, LanePacking.ToBytes(a, b, c, d)).Store(codes + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> SmallPath(Vector256<float> quotient, ThresholdTree tree)
    {
        Vector256<float> value = quotient & Vector256.Equals(quotient, quotient);
        Vector256<int> path = (value - tree.Root.GetLower()).AsInt32() >>> 31;
        path |= ((value - Avx2.PermuteVar8x32(tree.Level1.GetLower(), path)).AsInt32() >>> 30) & Vector256.Create(1 << 1);
        path |= ((value - Avx2.PermuteVar8x32(tree.Level2.GetLower(), path)).AsInt32() >>> 29) & Vector256.Create(1 << 2);
        return path | (((value - Avx2.PermuteVar8x32(tree.Level3.GetLower(), path)).AsInt32() >>> 28) & Vector256.Create(1 << 3));
    }
}
