using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>The exact products of many rows of 8-bit codes with one vector of 16-bit factors. Sums fit 32 bits; the caller checks it.</summary>
internal readonly unsafe struct RowProducts(sbyte* rows, nint count, short* factors, nint columns, int* destination) : IWidthAction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        int step = 4 * TSimd.Count;
        nint whole = columns - columns % step;
        nint row = 0;

        // Four rows at once read each vector of factors once.
        for (; row <= count - 4; row += 4)
        {
            sbyte* first = rows + row * columns;
            sbyte* second = first + columns;
            sbyte* third = second + columns;
            sbyte* fourth = third + columns;
            TInts firstSum = TSimd.Broadcast(0);
            TInts secondSum = firstSum;
            TInts thirdSum = firstSum;
            TInts fourthSum = firstSum;
            for (nint i = 0; i < whole; i += step)
            {
                firstSum = TSimd.AddWideProducts(firstSum, first + i, factors + i);
                secondSum = TSimd.AddWideProducts(secondSum, second + i, factors + i);
                thirdSum = TSimd.AddWideProducts(thirdSum, third + i, factors + i);
                fourthSum = TSimd.AddWideProducts(fourthSum, fourth + i, factors + i);
            }

            destination[row] = TSimd.Sum(firstSum) + Rest(first, whole);
            destination[row + 1] = TSimd.Sum(secondSum) + Rest(second, whole);
            destination[row + 2] = TSimd.Sum(thirdSum) + Rest(third, whole);
            destination[row + 3] = TSimd.Sum(fourthSum) + Rest(fourth, whole);
        }

        for (; row < count; row++)
        {
            sbyte* codes = rows + row * columns;
            TInts sum = TSimd.Broadcast(0);
            for (nint i = 0; i < whole; i += step)
            {
                sum = TSimd.AddWideProducts(sum, codes + i, factors + i);
            }

            destination[row] = TSimd.Sum(sum) + Rest(codes, whole);
        }
    }

    /// <summary>The products behind the last whole step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Rest(sbyte* codes, nint start)
    {
        int sum = 0;
        for (nint i = start; i < columns; i++)
        {
            sum += codes[i] * factors[i];
        }

        return sum;
    }
}
