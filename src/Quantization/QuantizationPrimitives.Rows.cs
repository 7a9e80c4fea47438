using System.Numerics;
using Quantization.Kernels;
using Quantization.Kernels.Simd;

namespace Quantization;

public static unsafe partial class QuantizationPrimitives
{
    /// <summary>
    /// Quantizes many vectors in one call, symmetric, with the range of each or of all: <c>scale = max|x| / MaxCode</c>, 1 where all values
    /// are 0, and codes within ±MaxCode. Each row has the codes and the scale that
    /// <see cref="SymmetricQuantizer"/> gives it alone. Nothing is allocated.
    /// </summary>
    /// <typeparam name="TCode"><see cref="sbyte"/> or <see cref="short"/>.</typeparam>
    /// <param name="source">The vectors, one after another; all values finite.</param>
    /// <param name="columns">How many values a vector has.</param>
    /// <param name="destination">
    /// Receives the codes, at least as many as values; it may start where <paramref name="source"/> starts.
    /// </param>
    /// <param name="scales">
    /// Receives the scales: one element for a scale that all vectors share, or as many as vectors for a scale each.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The values are not whole vectors, there is room for another number of scales, or <paramref name="destination"/> is too short or
    /// overlaps <paramref name="source"/> elsewhere than at its start; nothing is written
    /// then. Or a value is not finite; the vectors before it may be written.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is not positive.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TCode"/> is none of the types above.</exception>
    public static void DynamicQuantizeRows<TCode>(ReadOnlySpan<float> source, int columns, Span<TCode> destination, Span<float> scales)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        CodeFormat format = RowFormat<TCode>();
        if (!format.IsSigned)
        {
            throw new NotSupportedException(
                $"Symmetric vectors are stored as sbyte or short, not as {typeof(TCode).Name}; pass zeroPoints too for affine ones.");
        }

        RowShape shape = RowShape.Create(source.Length, columns, scales.Length, nameof(source), nameof(scales));
        RowShape.ThrowUnlessRoom(shape.Rows, columns, destination.Length, nameof(destination));
        fixed (float* values = source)
        fixed (TCode* codes = destination)
        fixed (float* steps = scales)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                values, (nint)source.Length * sizeof(float), codes, (nint)source.Length * sizeof(TCode), nameof(destination));
            RowKernels.DynamicQuantize<TCode>(values, (byte*)codes, shape, format, steps, null, nameof(source));
        }
    }

    /// <summary>
    /// Quantizes many vectors in one call, affine, with the range of each or of all. Each row has the codes, the scale and the zero-point
    /// that
    /// <see cref="DynamicQuantize{TCode}(ReadOnlySpan{float}, Span{TCode}, out TCode)"/> gives it alone. Nothing is allocated.
    /// </summary>
    /// <typeparam name="TCode"><see cref="sbyte"/>, <see cref="byte"/>, <see cref="short"/> or <see cref="ushort"/>.</typeparam>
    /// <param name="source">The vectors, one after another; all values finite.</param>
    /// <param name="columns">How many values a vector has.</param>
    /// <param name="destination">
    /// Receives the codes, at least as many as values; it may start where <paramref name="source"/> starts.
    /// </param>
    /// <param name="scales">
    /// Receives the scales: one element for a scale that all vectors share, or as many as vectors for a scale each.
    /// </param>
    /// <param name="zeroPoints">Receives the codes of real 0, as many as scales.</param>
    /// <exception cref="ArgumentException">
    /// The values are not whole vectors, there is room for another number of scales or zero-points, or <paramref name="destination"/> is
    /// too short or overlaps <paramref name="source"/> elsewhere than at its start;
    /// nothing is written then. Or a value is not finite; the vectors before it may be written.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is not positive.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TCode"/> is none of the types above.</exception>
    public static void DynamicQuantizeRows<TCode>(
        ReadOnlySpan<float> source, int columns, Span<TCode> destination, Span<float> scales, Span<TCode> zeroPoints)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        CodeFormat format = RowFormat<TCode>();
        RowShape shape = RowShape.Create(source.Length, columns, scales.Length, nameof(source), nameof(scales));
        ThrowUnlessZeroPoints(scales.Length, zeroPoints.Length);
        RowShape.ThrowUnlessRoom(shape.Rows, columns, destination.Length, nameof(destination));
        TCode none;
        fixed (float* values = source)
        fixed (TCode* codes = destination)
        fixed (float* steps = scales)
        fixed (TCode* zeros = zeroPoints)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                values, (nint)source.Length * sizeof(float), codes, (nint)source.Length * sizeof(TCode), nameof(destination));
            RowKernels.DynamicQuantize<TCode>(
                values, (byte*)codes, shape, format, steps, zeros is null ? (byte*)&none : (byte*)zeros, nameof(source));
        }
    }

    /// <summary>
    /// Quantizes many vectors into codes of any signed format of 4, 8 or 16 bits, packed ones too, symmetric, with the range of each or of
    /// all; see
    /// <see cref="DynamicQuantizeRows{TCode}(ReadOnlySpan{float}, int, Span{TCode}, Span{float})"/>. Nothing is allocated.
    /// </summary>
    /// <param name="source">The vectors, one after another; all values finite.</param>
    /// <param name="columns">How many values a vector has.</param>
    /// <param name="format">The codes, for example <see cref="CodeFormat.Int4"/>.</param>
    /// <param name="destination">
    /// Receives the codes, at least <c>format.GetByteCount(columns)</c> bytes per vector: each begins at a byte of its own. It may start
    /// where <paramref name="source"/> starts.
    /// </param>
    /// <param name="scales">
    /// Receives the scales: one element for a scale that all vectors share, or as many as vectors for a scale each.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The format lacks negative or positive codes or has 32 bits, the values are not whole vectors, there is room for another number of
    /// scales, or <paramref name="destination"/> is too short or overlaps
    /// <paramref name="source"/> elsewhere than at its start; nothing is written then. Or a value is not finite; the vectors before it may
    /// be written.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is not positive.</exception>
    public static void DynamicQuantizeRows(
        ReadOnlySpan<float> source, int columns, CodeFormat format, Span<byte> destination, Span<float> scales)
    {
        ThrowUnlessRowFormat(format);
        RowShape shape = RowShape.Create(source.Length, columns, scales.Length, nameof(source), nameof(scales));
        nint rowBytes = format.GetByteCount(columns);
        RowShape.ThrowUnlessRoom(shape.Rows, rowBytes, destination.Length, nameof(destination));
        fixed (float* values = source)
        fixed (byte* codes = destination)
        fixed (float* steps = scales)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                values, (nint)source.Length * sizeof(float), codes, shape.Rows * rowBytes, nameof(destination));
            switch (format.Type)
            {
                case CodeType.Int4:
                    RowKernels.DynamicQuantize<SignedPair>(values, codes, shape, format, steps, null, nameof(source));
                    break;
                case CodeType.Int8:
                    RowKernels.DynamicQuantize<sbyte>(values, codes, shape, format, steps, null, nameof(source));
                    break;
                default:
                    RowKernels.DynamicQuantize<short>(values, codes, shape, format, steps, null, nameof(source));
                    break;
            }
        }
    }

    private static CodeFormat RowFormat<TCode>()
    {
        CodeType type = CodeStorage.TypeOf<TCode>();
        return type != CodeType.Int32
            ? CodeFormat.Full(type)
            : throw new NotSupportedException("Vectors are stored as sbyte, byte, short or ushort, not as Int32.");
    }

    private static void ThrowUnlessRowFormat(CodeFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        if (format.Type is not (CodeType.Int4 or CodeType.Int8 or CodeType.Int16) || !format.IsSigned || format.MaxCode <= 0)
        {
            throw new ArgumentException(
                $"Symmetric vectors need codes of both signs in 4, 8 or 16 bits, such as {CodeFormat.Int4}; {format} is no such format.",
                nameof(format));
        }
    }

    private static void ThrowUnlessZeroPoints(int scales, int zeroPoints)
    {
        if (zeroPoints != scales)
        {
            throw new ArgumentException($"There are {zeroPoints} zero-points and {scales} scales; give as many.", nameof(zeroPoints));
        }
    }
}
