using System.Numerics;
using Quantization.Kernels;

namespace Quantization;

public static unsafe partial class QuantizationPrimitives
{
    /// <summary>
    /// The columns up to which sums of products fit 32 bits: 255 · 128 · 65,793 is below 2³¹.
    /// </summary>
    private const int MaxColumns = 65_793;

    /// <summary>
    /// The sum of 16-bit magnitudes up to which sums of products with 8-bit codes fit 32 bits: times 128 it is below 2³¹.
    /// </summary>
    private const int MaxWideMagnitudes = int.MaxValue / 128;

    /// <summary>The exact sum of products, <c>Σ left[i] · right[i]</c>.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static long Dot(ReadOnlySpan<sbyte> left, ReadOnlySpan<sbyte> right)
    {
        ThrowUnlessSameLength(left.Length, right.Length);
        fixed (sbyte* first = left)
        fixed (sbyte* second = right)
        {
            return DotProduct.Sum(first, second, left.Length);
        }
    }

    /// <summary>The exact sum of products, <c>Σ left[i] · right[i]</c>.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static long Dot(ReadOnlySpan<byte> left, ReadOnlySpan<sbyte> right)
    {
        ThrowUnlessSameLength(left.Length, right.Length);
        fixed (byte* first = left)
        fixed (sbyte* second = right)
        {
            return DotProduct.Sum(first, second, left.Length);
        }
    }

    /// <summary>
    /// The sum of each row's codes, <c>destination[r] = Σ matrix[r, i]</c>: what zero-points of the other factor are corrected by. Depends
    /// on the weights alone, so compute it once.
    /// </summary>
    /// <param name="matrix">The codes, row by row.</param>
    /// <param name="columns">The length of a row, at most 65,793.</param>
    /// <param name="destination">Receives a sum for each row.</param>
    /// <exception cref="ArgumentException">
    /// The matrix does not have <c>destination.Length</c> rows of <paramref name="columns"/> codes.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="columns"/> is not positive, or so large that sums would overflow.
    /// </exception>
    public static void RowSums(ReadOnlySpan<sbyte> matrix, int columns, Span<int> destination)
    {
        ThrowUnlessMatrix(matrix.Length, columns, destination.Length);
        for (int row = 0; row < destination.Length; row++)
        {
            int sum = 0;
            foreach (sbyte code in matrix.Slice(row * columns, columns))
            {
                sum += code;
            }

            destination[row] = sum;
        }
    }

    /// <summary>
    /// The product of a matrix of symmetric int8 weights and a vector of int8 codes with zero-point 0:
    /// <c>destination[r] = Σ matrix[r, i] · vector[i]</c>, exact. No correction is needed: what symmetric codes save.
    /// </summary>
    /// <param name="matrix">The codes of the weights, row by row.</param>
    /// <param name="vector">The codes of a row's factors, at most 65,793.</param>
    /// <param name="destination">Receives an accumulator for each row; its scale is the product of the scales.</param>
    /// <exception cref="ArgumentException">
    /// The matrix does not have <c>destination.Length</c> rows of <c>vector.Length</c> codes.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The vector is empty or so long that sums would overflow.</exception>
    public static void MultiplyVector(ReadOnlySpan<sbyte> matrix, ReadOnlySpan<sbyte> vector, Span<int> destination)
    {
        ThrowUnlessMatrix(matrix.Length, vector.Length, destination.Length);
        fixed (sbyte* rows = matrix)
        fixed (sbyte* factors = vector)
        {
            for (int row = 0; row < destination.Length; row++)
            {
                destination[row] = (int)DotProduct.Sum(factors, rows + (nint)row * vector.Length, vector.Length);
            }
        }
    }

    /// <summary>
    /// The product of a matrix of symmetric int8 weights and a vector of uint8 codes:
    /// <c>destination[r] = Σ matrix[r, i] · (vector[i] − vectorZeroPoint)</c>, exact, computed as
    /// <c>Σ matrix[r, i] · vector[i] − vectorZeroPoint · rowSums[r]</c>.
    /// </summary>
    /// <param name="matrix">The codes of the weights, row by row.</param>
    /// <param name="vector">The codes of a row's factors, at most 65,793.</param>
    /// <param name="vectorZeroPoint">The vector's code of real 0.</param>
    /// <param name="rowSums">What <see cref="RowSums"/> gave; may be empty where <paramref name="vectorZeroPoint"/> is 0.</param>
    /// <param name="destination">Receives an accumulator for each row; its scale is the product of the scales.</param>
    /// <exception cref="ArgumentException">
    /// The matrix does not have <c>destination.Length</c> rows of <c>vector.Length</c> codes, or there are not as many row sums.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The vector is empty or so long that sums would overflow.</exception>
    public static void MultiplyVector(
        ReadOnlySpan<sbyte> matrix, ReadOnlySpan<byte> vector, byte vectorZeroPoint, ReadOnlySpan<int> rowSums, Span<int> destination)
    {
        ThrowUnlessMatrix(matrix.Length, vector.Length, destination.Length);
        if (vectorZeroPoint != 0 && rowSums.Length != destination.Length)
        {
            throw new ArgumentException(
                $"A zero-point of {vectorZeroPoint} needs the sums of all {destination.Length} rows; there are {rowSums.Length}.",
                nameof(rowSums));
        }

        fixed (sbyte* rows = matrix)
        fixed (byte* factors = vector)
        {
            for (int row = 0; row < destination.Length; row++)
            {
                int sum = (int)DotProduct.Sum(factors, rows + (nint)row * vector.Length, vector.Length);
                destination[row] = vectorZeroPoint == 0 ? sum : sum - vectorZeroPoint * rowSums[row];
            }
        }
    }

    /// <summary>
    /// The product of a matrix of int8 codes and a vector of int16 codes, both with zero-point 0: <c>destination[r] = Σ matrix[r, i] ·
    /// vector[i]</c>, exact. Use it to compare one query with many stored vectors: 16 bits take the query's rounding out of the result, at
    /// the speed of 8 bits.
    /// </summary>
    /// <param name="matrix">The codes of the vectors, row by row.</param>
    /// <param name="vector">
    /// The codes of a row's factors. Their magnitudes add up to at most 16,777,215, so that no sum leaves 32 bits.
    /// </param>
    /// <param name="destination">Receives an accumulator for each row; its scale is the product of the scales.</param>
    /// <exception cref="ArgumentException">
    /// The matrix does not have <c>destination.Length</c> rows of <c>vector.Length</c> codes, or sums could overflow.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The vector is empty or has more than 65,793 codes.</exception>
    public static void MultiplyVector(ReadOnlySpan<sbyte> matrix, ReadOnlySpan<short> vector, Span<int> destination)
    {
        ThrowUnlessMatrix(matrix.Length, vector.Length, destination.Length);
        fixed (sbyte* rows = matrix)
        fixed (short* factors = vector)
        fixed (int* sums = destination)
        {
            // Short vectors fit whatever their codes are.
            if (vector.Length > MaxWideMagnitudes / -short.MinValue
                && RowProducts.SumOfMagnitudes(factors, vector.Length) is > MaxWideMagnitudes and long magnitudes)
            {
                throw new ArgumentException(
                    $"The vector's magnitudes add up to {magnitudes}; more than {MaxWideMagnitudes} could overflow. "
                        + "Quantize it with a larger scale.",
                    nameof(vector));
            }

            Kernels.Simd.Width.Invoke(new RowProducts(rows, destination.Length, factors, vector.Length, sums));
        }
    }

    /// <summary>
    /// Turns accumulators into codes: <c>destination[i] = saturate(roundHalfToEven(float(source[i]) · multiplier) + zeroPoint)</c>, where
    /// <c>multiplier</c> is the accumulators' scale over the codes' scale. Accumulators beyond 2²⁴ are rounded to float first. The
    /// arithmetic is that of ONNX Runtime's QLinearMatMul and QLinearConv.
    /// </summary>
    /// <typeparam name="TCode"><see cref="sbyte"/>, <see cref="byte"/>, <see cref="short"/> or <see cref="ushort"/>.</typeparam>
    /// <param name="source">The accumulators.</param>
    /// <param name="multiplier">The ratio of scales; finite and not negative.</param>
    /// <param name="zeroPoint">The code of real 0.</param>
    /// <param name="destination">
    /// Receives the codes, at least as many as accumulators; it may start where <paramref name="source"/> starts.
    /// </param>
    /// <exception cref="ArgumentException">
    /// <paramref name="destination"/> is too short, or overlaps <paramref name="source"/> elsewhere than at its start.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="multiplier"/> is negative or not finite.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TCode"/> is none of the types above.</exception>
    public static void Requantize<TCode>(ReadOnlySpan<int> source, float multiplier, TCode zeroPoint, Span<TCode> destination)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        ThrowUnlessMultiplier(multiplier);
        CodeFormat format = NarrowFormat<TCode>();
        Overlap.ThrowUnlessDestinationFits(source.Length, destination.Length, nameof(destination));
        fixed (int* accumulators = source)
        fixed (TCode* codes = destination)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                accumulators, (nint)source.Length * sizeof(int), codes, (nint)source.Length * sizeof(TCode), nameof(destination));
            Kernels.Simd.Width.Invoke(
                new RequantizeRun<TCode>(accumulators, codes, source.Length, multiplier, null, int.CreateTruncating(zeroPoint), format));
        }
    }

    /// <summary>Turns accumulators into codes as above, each with its own multiplier: those of one output of each channel.</summary>
    /// <typeparam name="TCode"><see cref="sbyte"/>, <see cref="byte"/>, <see cref="short"/> or <see cref="ushort"/>.</typeparam>
    /// <param name="source">The accumulators.</param>
    /// <param name="multipliers">The ratios of scales, as many as accumulators; finite and not negative.</param>
    /// <param name="zeroPoint">The code of real 0.</param>
    /// <param name="destination">
    /// Receives the codes, at least as many as accumulators; it may start where <paramref name="source"/> starts.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The numbers of multipliers and accumulators differ, or <paramref name="destination"/> is too short, or overlaps
    /// <paramref name="source"/> elsewhere than at its start.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A multiplier is negative or not finite.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TCode"/> is none of the types above.</exception>
    public static void Requantize<TCode>(
        ReadOnlySpan<int> source, ReadOnlySpan<float> multipliers, TCode zeroPoint, Span<TCode> destination)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        if (multipliers.Length != source.Length)
        {
            throw new ArgumentException($"{multipliers.Length} multipliers do not fit {source.Length} accumulators.", nameof(multipliers));
        }

        foreach (float multiplier in multipliers)
        {
            ThrowUnlessMultiplier(multiplier, nameof(multipliers));
        }

        CodeFormat format = NarrowFormat<TCode>();
        Overlap.ThrowUnlessDestinationFits(source.Length, destination.Length, nameof(destination));
        fixed (int* accumulators = source)
        fixed (float* factors = multipliers)
        fixed (TCode* codes = destination)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                accumulators, (nint)source.Length * sizeof(int), codes, (nint)source.Length * sizeof(TCode), nameof(destination));
            Kernels.Simd.Width.Invoke(
                new RequantizeRun<TCode>(accumulators, codes, source.Length, 0, factors, int.CreateTruncating(zeroPoint), format));
        }
    }

    private static CodeFormat NarrowFormat<TCode>()
    {
        CodeType type = CodeStorage.TypeOf<TCode>();
        return type != CodeType.Int32
            ? CodeFormat.Full(type)
            : throw new NotSupportedException("Accumulators are requantized to sbyte, byte, short or ushort.");
    }

    private static void ThrowUnlessMultiplier(float multiplier, string parameterName = "multiplier")
    {
        if (!(multiplier >= 0) || !float.IsFinite(multiplier))
        {
            throw new ArgumentOutOfRangeException(parameterName, multiplier, "A multiplier must be finite and not negative.");
        }
    }

    private static void ThrowUnlessSameLength(int left, int right)
    {
        if (left != right)
        {
            throw new ArgumentException($"The vectors have {left} and {right} codes; they must be as many.", nameof(right));
        }
    }

    private static void ThrowUnlessMatrix(int matrix, int columns, int rows)
    {
        if (columns is <= 0 or > MaxColumns)
        {
            throw new ArgumentOutOfRangeException(
                nameof(columns), columns, $"A row has 1 to {MaxColumns} codes, so that its sums fit 32 bits.");
        }

        if (matrix != (long)columns * rows)
        {
            throw new ArgumentException(
                $"{rows} rows of {columns} codes are {(long)columns * rows}; the matrix has {matrix}.", nameof(matrix));
        }
    }
}
