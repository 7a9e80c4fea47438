using System.Numerics;
using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>
/// The exact products of many rows of 8-bit codes with one vector of 16-bit factors. Sums fit 32 bits; the caller checks it.
/// </summary>
internal readonly unsafe struct RowProducts(sbyte* rows, nint count, short* factors, nint columns, int* destination)
    : IWidthAction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        int step = 4 * TSimd.Count;
        nint whole = columns - columns % step;
        for (nint row = 0; row < count; row++)
        {
            sbyte* codes = rows + row * columns;
            TInts first = TSimd.Broadcast(0);
            TInts second = first;
            nint i = 0;
            for (; i <= whole - 2 * step; i += 2 * step)
            {
                first = TSimd.AddWideProducts(first, codes + i, factors + i);
                second = TSimd.AddWideProducts(second, codes + i + step, factors + i + step);
            }

            if (i < whole)
            {
                first = TSimd.AddWideProducts(first, codes + i, factors + i);
                i += step;
            }

            int sum = TSimd.Sum(TSimd.Add(first, second));
            for (; i < columns; i++)
            {
                sum += codes[i] * factors[i];
            }

            destination[row] = sum;
        }
    }

    /// <summary>Σ|factors[i]| of at most 65,793 factors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long SumOfMagnitudes(short* factors, nint count)
    {
        // As unsigned numbers, since |−32768| is no short.
        Vector<uint> sums = Vector<uint>.Zero;
        nint i = 0;
        for (; i <= count - Vector<short>.Count; i += Vector<short>.Count)
        {
            Vector.Widen(Vector.AsVectorUInt16(Vector.Abs(Vector.Load(factors + i))), out Vector<uint> lower, out Vector<uint> upper);
            sums += lower + upper;
        }

        long sum = Vector.Sum(sums);
        for (; i < count; i++)
        {
            sum += Math.Abs((int)factors[i]);
        }

        return sum;
    }
}
