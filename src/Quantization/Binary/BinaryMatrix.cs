using System.Globalization;
using Quantization.Binary;

namespace Quantization;

/// <summary>
/// A matrix of one bit per value with a scale for each row or block: <c>x̂ = α · sign(x)</c> with <c>α = mean|x|</c> over the row or block,
/// the best approximation of that form in squared error (Rastegari et al., XNOR-Net, 2016, section 3.1). Products are counted: where 64
/// signs share a word, the sum of their products is 64 − 2 · popcount(a xor b). Immutable.
/// </summary>
/// <remarks>
/// 0 and −0 count as positive, as in <see cref="Codebook.Sign"/>. Each row starts a new word; the first value is the lowest bit, set for
/// positive, and bits behind the last value are 0. A 32nd of the memory of floats, and the scales.
/// </remarks>
/// <example><code>
/// BinaryMatrix weights = BinaryMatrix.FromRows(values, rows: 1024, columns: 1024);
/// BinaryMatrix input = BinaryMatrix.FromRows(activations, rows: 1, columns: 1024);
/// input.MultiplyTransposed(weights, result);    // result[r] = Σ x̂[k] · ŵ[r, k]
/// </code></example>
public sealed partial class BinaryMatrix
{
    private const int WordBits = 64;

    private readonly ulong[] _words;
    private readonly float[] _scales;
    private readonly int _wordsPerRow;
    private readonly int _blocksPerRow;

    private BinaryMatrix(int rows, int columns, int blockSize)
    {
        Rows = rows;
        Columns = columns;
        BlockSize = blockSize;
        _wordsPerRow = DivideUp(columns, WordBits);
        _blocksPerRow = DivideUp(columns, blockSize);
        _words = new ulong[checked(rows * _wordsPerRow)];
        _scales = new float[rows * _blocksPerRow];
    }

    /// <summary>The number of rows.</summary>
    public int Rows { get; }

    /// <summary>The number of values in a row.</summary>
    public int Columns { get; }

    /// <summary>How many values of a row share a scale; <see cref="Columns"/> where there is one scale per row.</summary>
    public int BlockSize { get; }

    /// <summary>The signs, ⌈Columns / 64⌉ words a row.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    /// <summary>The scales α, row by row, ⌈Columns / BlockSize⌉ a row; not negative.</summary>
    public ReadOnlySpan<float> Scales => _scales;

    /// <summary>Binarizes a row-major matrix, one scale per row: for weights, one for each output channel.</summary>
    /// <param name="values">The values; finite.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of values in a row.</param>
    /// <exception cref="ArgumentException">There are not rows · columns values, or one is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public static BinaryMatrix FromRows(ReadOnlySpan<float> values, int rows, int columns) => FromRows(values, rows, columns, columns);

    /// <summary>Binarizes a row-major matrix, one scale for each block of a row. The last block of a row may be shorter.</summary>
    /// <param name="values">The values; finite.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of values in a row.</param>
    /// <param name="blockSize">How many values share a scale: a multiple of 64, or <paramref name="columns"/>.</param>
    /// <exception cref="ArgumentException">There are not rows · columns values, or one is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A number is not positive, or the block size is neither a multiple of 64 nor a whole row.
    /// </exception>
    public static BinaryMatrix FromRows(ReadOnlySpan<float> values, int rows, int columns, int blockSize)
    {
        ThrowUnlessShape(rows, columns, blockSize);
        if (values.Length != (long)rows * columns)
        {
            throw new ArgumentException(
                $"{rows} rows of {columns} values are {(long)rows * columns} values; there are {values.Length}.", nameof(values));
        }

        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Value {i} is {values[i]:R}; a mean magnitude needs finite values."),
                    nameof(values));
            }
        }

        BinaryMatrix matrix = new(rows, columns, blockSize);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> rowValues = values.Slice(row * columns, columns);
            for (int block = 0; block < matrix._blocksPerRow; block++)
            {
                int start = block * blockSize;
                matrix._scales[row * matrix._blocksPerRow + block] = MeanMagnitude(
                    rowValues.Slice(start, Math.Min(blockSize, columns - start)));
            }

            PackSigns(rowValues, matrix._words.AsSpan(row * matrix._wordsPerRow, matrix._wordsPerRow));
        }

        return matrix;
    }

    /// <summary>Writes what the bits stand for, <c>±α</c>, row by row.</summary>
    /// <exception cref="ArgumentException">The destination does not have Rows · Columns elements.</exception>
    public void Dequantize(Span<float> destination)
    {
        if (destination.Length != (long)Rows * Columns)
        {
            throw new ArgumentException(
                $"{Rows} rows of {Columns} values are {(long)Rows * Columns} values; the destination has {destination.Length}.",
                nameof(destination));
        }

        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                float scale = _scales[row * _blocksPerRow + column / BlockSize];
                bool isPositive = (_words[row * _wordsPerRow + column / WordBits] >> (column % WordBits) & 1) != 0;
                destination[row * Columns + column] = isPositive ? scale : -scale;
            }
        }
    }

    /// <summary>The sum of products of two rows' signs: an integer from −Columns to Columns, without scales.</summary>
    /// <param name="row">A row of this matrix.</param>
    /// <param name="other">A matrix with as many columns.</param>
    /// <param name="otherRow">A row of it.</param>
    /// <exception cref="ArgumentException">The numbers of columns differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public unsafe int SignDot(int row, BinaryMatrix other, int otherRow)
    {
        ArgumentNullException.ThrowIfNull(other);
        ThrowUnlessSameColumns(other);
        ThrowUnlessRow(row, Rows, nameof(row));
        ThrowUnlessRow(otherRow, other.Rows, nameof(otherRow));
        fixed (ulong* left = _words, right = other._words)
        {
            return SignDot(left + (nint)row * _wordsPerRow, right + (nint)otherRow * _wordsPerRow, Columns);
        }
    }

    /// <summary>
    /// The product with the transpose of another matrix, as in a linear layer: <c>destination[i, j] = Σₖ x̂[i, k] · ŵ[j, k]</c>, where x̂
    /// and ŵ are the binarized values. Sums of signs are exact integers; their products with the scales are summed in double precision and
    /// rounded to float once.
    /// </summary>
    /// <param name="other">The matrix w, row by row; as many columns and the same block size.</param>
    /// <param name="destination">Receives Rows × other.Rows values, row-major.</param>
    /// <exception cref="ArgumentException">Columns or block sizes differ, or the destination has another length.</exception>
    public unsafe void MultiplyTransposed(BinaryMatrix other, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(other);
        ThrowUnlessSameColumns(other);
        if (other.BlockSize != BlockSize)
        {
            throw new ArgumentException(
                $"Blocks of {BlockSize} and of {other.BlockSize} values do not fit each other; binarize both alike.", nameof(other));
        }

        if (destination.Length != (long)Rows * other.Rows)
        {
            throw new ArgumentException(
                $"The product has {Rows} × {other.Rows} values; the destination has {destination.Length}.", nameof(destination));
        }

        int wordsPerBlock = DivideUp(Math.Min(BlockSize, Columns), WordBits);
        fixed (ulong* left = _words, right = other._words)
        {
            for (int i = 0; i < Rows; i++)
            {
                for (int j = 0; j < other.Rows; j++)
                {
                    ulong* leftRow = left + (nint)i * _wordsPerRow;
                    ulong* rightRow = right + (nint)j * _wordsPerRow;
                    double sum = 0;
                    for (int block = 0; block < _blocksPerRow; block++)
                    {
                        int signs = SignDot(
                            leftRow + block * wordsPerBlock,
                            rightRow + block * wordsPerBlock,
                            Math.Min(BlockSize, Columns - block * BlockSize));
                        sum += (double)_scales[i * _blocksPerRow + block] * other._scales[j * _blocksPerRow + block] * signs;
                    }

                    destination[i * other.Rows + j] = (float)sum;
                }
            }
        }
    }

    private static unsafe int SignDot(ulong* left, ulong* right, int count) =>
        count - 2 * (int)HammingKernel.Count((byte*)left, (byte*)right, (nint)DivideUp(count, WordBits) * sizeof(ulong));

    private static float MeanMagnitude(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
        {
            sum += Math.Abs(value);
        }

        return (float)(sum / values.Length);
    }

    private static void PackSigns(ReadOnlySpan<float> values, Span<ulong> words)
    {
        for (int i = 0; i < values.Length; i++)
        {
            words[i / WordBits] |= values[i] >= 0 ? 1UL << (i % WordBits) : 0;
        }
    }

    private static int DivideUp(int dividend, int divisor) => (int)(((long)dividend + divisor - 1) / divisor);

    private static void ThrowUnlessShape(int rows, int columns, int blockSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockSize);
        if (blockSize % WordBits != 0 && blockSize != columns)
        {
            throw new ArgumentOutOfRangeException(
                nameof(blockSize), blockSize, $"A block is a multiple of {WordBits} values or a whole row.");
        }
    }

    private static void ThrowUnlessRow(int row, int rows, string parameterName)
    {
        if ((uint)row >= (uint)rows)
        {
            throw new ArgumentOutOfRangeException(parameterName, row, $"There are the rows 0 … {rows - 1}.");
        }
    }

    private void ThrowUnlessSameColumns(BinaryMatrix other)
    {
        if (other.Columns != Columns)
        {
            throw new ArgumentException($"Rows of {Columns} and of {other.Columns} values have no product.", nameof(other));
        }
    }
}
