using System.Globalization;
using System.Runtime.InteropServices;
using Quantization.Binary;
using Quantization.Kernels;

namespace Quantization;

public static unsafe partial class QuantizationPrimitives
{
    /// <summary>
    /// Quantizes many vectors to one bit per value in one call: a bit is set where the value is at least its column's offset. The bits are
    /// those of <see cref="Codebook.Sign"/> packed as <see cref="CodeFormat.UInt1"/>, which
    /// <see cref="CodeDistance.Hamming(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/> compares. Nothing is allocated.
    /// </summary>
    /// <param name="source">The vectors, one after another; all values finite.</param>
    /// <param name="columns">How many values a vector has.</param>
    /// <param name="destination">
    /// Receives the bits, at least <c>CodeFormat.UInt1.GetByteCount(columns)</c> bytes per vector: each begins at a byte of its own, and
    /// bits behind its last value are 0.
    /// </param>
    /// <param name="scales">
    /// Receives the mean of <c>|value − offset|</c>, which <see cref="DequantizeSigns"/> takes: one element for all vectors together, or as
    /// many as vectors; empty where nobody asks for it, as for distances. Means are taken in
    /// double precision and rounded to float once.
    /// </param>
    /// <param name="offsets">
    /// What lies between the two bits, one per column, such as the mean of all vectors; finite. Empty where all are 0.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The values are not whole vectors, there is room for another number of scales, there is another number of offsets or one is not
    /// finite, or <paramref name="destination"/> is too short or overlaps
    /// <paramref name="source"/>; nothing is written then. Or a value is not finite; the vectors before it may be written.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is not positive.</exception>
    public static void QuantizeSigns(
        ReadOnlySpan<float> source, int columns, Span<byte> destination, Span<float> scales = default,
        ReadOnlySpan<float> offsets = default)
    {
        nint rows = RowShape.CountRows(source.Length, columns, nameof(source));
        RowShape shape = scales.IsEmpty
            ? new RowShape(rows, columns, rows)
            : RowShape.Create(source.Length, columns, scales.Length, nameof(source), nameof(scales));
        ThrowUnlessOffsets(offsets, columns);
        nint rowBytes = CodeFormat.UInt1.GetByteCount(columns);
        RowShape.ThrowUnlessRoom(rows, rowBytes, destination.Length, nameof(destination));
        if (MemoryMarshal.AsBytes(source).Overlaps(destination[..(int)(rows * rowBytes)]))
        {
            throw new ArgumentException("The destination overlaps the source; give it memory of its own.", nameof(destination));
        }

        fixed (float* values = source)
        fixed (float* origin = offsets)
        fixed (byte* bits = destination)
        {
            double sum = 0;
            for (nint row = 0; row < rows; row++)
            {
                double rowSum = SignKernel.Quantize(values + row * columns, origin, columns, bits + row * rowBytes);
                if (!double.IsFinite(rowSum))
                {
                    throw RowKernels.NotFinite(values, shape, row * columns, nameof(source));
                }

                sum = shape.Groups == 1 ? sum + rowSum : rowSum;
                if (scales.Length > 1)
                {
                    scales[(int)row] = MeanOf(rowSum, columns);
                }
            }

            if (scales.Length == 1)
            {
                scales[0] = MeanOf(sum, Math.Max(source.Length, 1));
            }
        }
    }

    /// <summary>
    /// Writes what the bits of <see cref="QuantizeSigns"/> stand for: <c>offset + scale</c> where a bit is set, else <c>offset − scale</c>.
    /// Nothing is allocated.
    /// </summary>
    /// <param name="source">The bits, <c>CodeFormat.UInt1.GetByteCount(columns)</c> bytes per vector.</param>
    /// <param name="columns">How many values a vector has.</param>
    /// <param name="scales">One scale for all vectors, or one each; finite and not negative.</param>
    /// <param name="destination">Receives the values, at least <paramref name="columns"/> a vector.</param>
    /// <param name="offsets">The offsets, one per column; empty where all are 0.</param>
    /// <exception cref="ArgumentException">
    /// The bytes are not whole vectors, there is another number of scales or offsets, one of them is not finite or a scale negative, or
    /// <paramref name="destination"/> is too short or overlaps
    /// <paramref name="source"/>. Nothing is written then.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is not positive.</exception>
    public static void DequantizeSigns(
        ReadOnlySpan<byte> source, int columns, ReadOnlySpan<float> scales, Span<float> destination, ReadOnlySpan<float> offsets = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        nint rowBytes = CodeFormat.UInt1.GetByteCount(columns);
        RowShape shape = RowShape.OfBytes(source.Length, columns, (int)rowBytes, scales.Length, nameof(source), nameof(scales));
        for (int i = 0; i < scales.Length; i++)
        {
            if (!(scales[i] >= 0) || !float.IsFinite(scales[i]))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Scale {i} is {scales[i]:R}; a scale must be finite and not negative."),
                    nameof(scales));
            }
        }

        ThrowUnlessOffsets(offsets, columns);
        RowShape.ThrowUnlessRoom(shape.Rows, columns, destination.Length, nameof(destination));
        fixed (byte* bits = source)
        fixed (float* origin = offsets)
        fixed (float* values = destination)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(bits, source.Length, values, shape.Rows * columns * sizeof(float), nameof(destination));
            for (nint row = 0; row < shape.Rows; row++)
            {
                SignKernel.Dequantize(
                    bits + row * rowBytes, scales[shape.Groups == 1 ? 0 : (int)row], origin, columns, values + row * columns);
            }
        }
    }

    /// <summary>Differences of the largest floats exceed them: their mean is cut there.</summary>
    private static float MeanOf(double sum, int count) => (float)Math.Min(sum / count, float.MaxValue);

    private static void ThrowUnlessOffsets(ReadOnlySpan<float> offsets, int columns)
    {
        if (!offsets.IsEmpty && offsets.Length != columns)
        {
            throw new ArgumentException(
                $"There are {offsets.Length} offsets for {columns} columns; give as many, or none where all are 0.", nameof(offsets));
        }

        for (int i = 0; i < offsets.Length; i++)
        {
            if (!float.IsFinite(offsets[i]))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Offset {i} is {offsets[i]}; an offset must be finite."), nameof(offsets));
            }
        }
    }
}
