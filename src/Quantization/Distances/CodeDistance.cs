using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Quantization.Binary;

namespace Quantization;

/// <summary>Distances between quantized vectors, such as embeddings, computed on their codes.</summary>
/// <remarks>
/// Codes of symmetric quantizers only: a zero-point other than 0 would have to be subtracted first. Nothing is allocated.
/// </remarks>
public static unsafe class CodeDistance
{
    /// <summary>
    /// The cosine of the angle between two vectors of symmetric int8 codes, <c>Σxy / √(Σx² · Σy²)</c>. The scales cancel, so vectors with
    /// different scales can be compared; the sums are exact. NaN where a vector is all zeros or has no elements.
    /// </summary>
    /// <param name="x">Codes with zero-point 0.</param>
    /// <param name="y">As many codes with zero-point 0.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static float CosineSimilarity(ReadOnlySpan<sbyte> x, ReadOnlySpan<sbyte> y)
    {
        ThrowUnlessSameLength(x.Length, y.Length, nameof(y));
        fixed (sbyte* left = x, right = y)
        {
            (long products, long xSquares, long ySquares) = ProductSums(left, right, x.Length);
            return (float)(products / (Math.Sqrt(xSquares) * Math.Sqrt(ySquares)));
        }
    }

    /// <summary>
    /// The squared Euclidean distance between two vectors of int8 codes, <c>Σ(x − y)²</c>, exact. With one scale for both, multiply by its
    /// square.
    /// </summary>
    /// <param name="x">Codes.</param>
    /// <param name="y">As many codes of the same scale.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static long SquaredEuclidean(ReadOnlySpan<sbyte> x, ReadOnlySpan<sbyte> y)
    {
        ThrowUnlessSameLength(x.Length, y.Length, nameof(y));
        fixed (sbyte* left = x, right = y)
        {
            (long products, long xSquares, long ySquares) = ProductSums(left, right, x.Length);
            return xSquares + ySquares - 2 * products;
        }
    }

    /// <summary>
    /// The number of bits in which two vectors of binary codes differ: codes of <see cref="Codebook.Sign"/> packed as
    /// <see cref="CodeFormat.UInt1"/>, eight per byte. The sum of products of their signs is the number of values minus twice the distance.
    /// </summary>
    /// <param name="x">Packed codes; bits behind the last code are 0.</param>
    /// <param name="y">As many packed codes.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static long Hamming(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        ThrowUnlessSameLength(x.Length, y.Length, nameof(y));
        fixed (byte* left = x, right = y)
        {
            return HammingKernel.Count(left, right, x.Length);
        }
    }

    /// <summary>
    /// The number of bits in which each vector of a store differs from a query:
    /// <see cref="Hamming(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/> for many vectors in one call. <see cref="NearestRows{TDistance}"/>
    /// keeps the nearest of them.
    /// </summary>
    /// <param name="rows">The packed codes of the vectors, one vector after another, as many bytes each as the query has.</param>
    /// <param name="query">The packed codes of one vector.</param>
    /// <param name="distances">Receives a distance for each vector.</param>
    /// <exception cref="ArgumentException">
    /// The rows are not <c>distances.Length</c> vectors of the query's length, or the query is empty.
    /// </exception>
    public static void Hamming(ReadOnlySpan<byte> rows, ReadOnlySpan<byte> query, Span<int> distances)
    {
        if (query.IsEmpty || query.Length > int.MaxValue / 8)
        {
            throw new ArgumentException($"The query has {query.Length} bytes; it needs 1 to {int.MaxValue / 8}.", nameof(query));
        }

        if (rows.Length != (long)query.Length * distances.Length)
        {
            throw new ArgumentException(
                $"{distances.Length} rows of {query.Length} bytes are {(long)query.Length * distances.Length} bytes; "
                    + $"there are {rows.Length}.",
                nameof(rows));
        }

        fixed (byte* bits = rows, wanted = query)
        fixed (int* counts = distances)
        {
            HammingKernel.CountRows(bits, query.Length, distances.Length, wanted, counts);
        }
    }

    /// <summary>Σxy, Σx² and Σy² in one pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (long Products, long XSquares, long YSquares) ProductSums(sbyte* x, sbyte* y, nint count)
    {
        // A step adds at most 2 · 2 · 2¹⁴ to a 32-bit lane.
        const nint StepsPerSum = 16_384;
        long products = 0;
        long xSquares = 0;
        long ySquares = 0;
        nint i = 0;
        while (i <= count - Vector256<sbyte>.Count)
        {
            nint end = Math.Min(count, i + StepsPerSum * Vector256<sbyte>.Count);
            Vector256<int> productSums = Vector256<int>.Zero;
            Vector256<int> xSums = Vector256<int>.Zero;
            Vector256<int> ySums = Vector256<int>.Zero;
            for (; i <= end - Vector256<sbyte>.Count; i += Vector256<sbyte>.Count)
            {
                (Vector256<short> xLower, Vector256<short> xUpper) = Vector256.Widen(Vector256.Load(x + i));
                (Vector256<short> yLower, Vector256<short> yUpper) = Vector256.Widen(Vector256.Load(y + i));
                productSums += AddPairs(xLower, yLower) + AddPairs(xUpper, yUpper);
                xSums += AddPairs(xLower, xLower) + AddPairs(xUpper, xUpper);
                ySums += AddPairs(yLower, yLower) + AddPairs(yUpper, yUpper);
            }

            products += SumLanes(productSums);
            xSquares += SumLanes(xSums);
            ySquares += SumLanes(ySums);
        }

        for (; i < count; i++)
        {
            products += x[i] * y[i];
            xSquares += x[i] * x[i];
            ySquares += y[i] * y[i];
        }

        return (products, xSquares, ySquares);
    }

    /// <summary>Products of 16-bit lanes, added in pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddPairs(Vector256<short> x, Vector256<short> y)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.MultiplyAddAdjacent(x, y);
        }

        (Vector256<int> xLower, Vector256<int> xUpper) = Vector256.Widen(x);
        (Vector256<int> yLower, Vector256<int> yUpper) = Vector256.Widen(y);
        return xLower * yLower + xUpper * yUpper;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long SumLanes(Vector256<int> lanes)
    {
        (Vector256<long> lower, Vector256<long> upper) = Vector256.Widen(lanes);
        return Vector256.Sum(lower + upper);
    }

    private static void ThrowUnlessSameLength(int x, int y, string parameterName)
    {
        if (x != y)
        {
            throw new ArgumentException($"The vectors have {x} and {y} elements; a distance needs as many.", parameterName);
        }
    }
}
