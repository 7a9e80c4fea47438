using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Exact sums of products of 8-bit codes.</summary>
internal static unsafe class DotProduct
{
    /// <summary>The steps after which the 32-bit lanes are emptied into 64 bits: each adds 4 products below 2¹⁵ to a lane.</summary>
    private const nint StepsPerSum = 8192;

    /// <summary>Σ left[i] · right[i].</summary>
    /// <typeparam name="TLeft"><see cref="sbyte"/> or <see cref="byte"/>.</typeparam>
    public static long Sum<TLeft>(TLeft* left, sbyte* right, nint count)
        where TLeft : unmanaged
    {
        // The instruction that multiplies and adds bytes beats wider vectors that must widen them first; .NET has it at 256 bits.
        if (Simd512.IsSupported && !(AvxVnni.IsSupported && typeof(TLeft) == typeof(byte)))
        {
            return Sum<Simd512, Vector512<float>, Vector512<int>, TLeft>(left, right, count);
        }

        if (Simd256.IsSupported)
        {
            return Sum<Simd256, Vector256<float>, Vector256<int>, TLeft>(left, right, count);
        }

        return Simd128.IsSupported
            ? Sum<Simd128, Vector128<float>, Vector128<int>, TLeft>(left, right, count)
            : Sum<SimdScalar, float, int, TLeft>(left, right, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Sum<TSimd, TFloats, TInts, TLeft>(TLeft* left, sbyte* right, nint count)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
        where TLeft : unmanaged
    {
        int step = 4 * TSimd.Count;
        long total = 0;
        nint i = 0;
        while (i <= count - 4 * step)
        {
            nint end = Math.Min(count, i + StepsPerSum * step);
            TInts first = TSimd.Broadcast(0);
            TInts second = first;
            TInts third = first;
            TInts fourth = first;
            for (; i <= end - 4 * step; i += 4 * step)
            {
                first = TSimd.AddProducts(first, left + i, right + i);
                second = TSimd.AddProducts(second, left + i + step, right + i + step);
                third = TSimd.AddProducts(third, left + i + 2 * step, right + i + 2 * step);
                fourth = TSimd.AddProducts(fourth, left + i + 3 * step, right + i + 3 * step);
            }

            total += Lanes(TSimd.Add(TSimd.Add(first, second), TSimd.Add(third, fourth)));
        }

        TInts rest = TSimd.Broadcast(0);
        for (; i <= count - step; i += step)
        {
            rest = TSimd.AddProducts(rest, left + i, right + i);
        }

        total += Lanes(rest);
        for (; i < count; i++)
        {
            total += (typeof(TLeft) == typeof(byte) ? ((byte*)left)[i] : ((sbyte*)left)[i]) * right[i];
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Lanes<TInts>(TInts lanes)
        where TInts : unmanaged
    {
        long sum = 0;
        for (int i = 0; i < sizeof(TInts) / sizeof(int); i++)
        {
            sum += ((int*)&lanes)[i];
        }

        return sum;
    }
}
