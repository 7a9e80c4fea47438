using System.Globalization;

namespace Quantization;

public sealed partial class BinaryMatrix
{
    /// <summary>
    /// Makes a matrix from the <see cref="Words"/> and <see cref="Scales"/> of another, which may have been stored (copied).
    /// </summary>
    /// <param name="words">The signs, ⌈columns / 64⌉ words a row; bits behind a row's last value are 0.</param>
    /// <param name="scales">The scales, row by row, ⌈columns / blockSize⌉ a row; finite and not negative.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of values in a row.</param>
    /// <param name="blockSize">How many values share a scale: a multiple of 64, or <paramref name="columns"/>.</param>
    /// <exception cref="ArgumentException">
    /// The numbers of words or scales do not fit, a bit behind a row's last value is set, or a scale is negative or not finite.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A number is not positive, or the block size is neither a multiple of 64 nor a whole row.
    /// </exception>
    public static BinaryMatrix FromWords(ReadOnlySpan<ulong> words, ReadOnlySpan<float> scales, int rows, int columns, int blockSize)
    {
        ThrowUnlessShape(rows, columns, blockSize);
        int wordsPerRow = DivideUp(columns, WordBits);
        long scaleCount = (long)rows * DivideUp(columns, blockSize);
        if (words.Length != (long)rows * wordsPerRow)
        {
            throw new ArgumentException(
                $"{rows} rows of {columns} signs take {(long)rows * wordsPerRow} words; there are {words.Length}.", nameof(words));
        }

        if (scales.Length != scaleCount)
        {
            throw new ArgumentException(
                $"{rows} rows of {columns} values in blocks of {blockSize} have {scaleCount} scales; there are {scales.Length}.",
                nameof(scales));
        }

        for (int i = 0; i < scales.Length; i++)
        {
            if (!(scales[i] >= 0) || !float.IsFinite(scales[i]))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Scale {i} is {scales[i]:R}; a scale must be finite and not negative."),
                    nameof(scales));
            }
        }

        ulong unused = columns % WordBits == 0 ? 0 : ulong.MaxValue << (columns % WordBits);
        for (int row = 0; row < rows; row++)
        {
            if ((words[(row + 1) * wordsPerRow - 1] & unused) != 0)
            {
                throw new ArgumentException(
                    $"Row {row} has a bit behind its {columns} values; such bits must be 0, since products count all bits.", nameof(words));
            }
        }

        BinaryMatrix matrix = new(rows, columns, blockSize);
        words.CopyTo(matrix._words);
        scales.CopyTo(matrix._scales);
        return matrix;
    }
}
