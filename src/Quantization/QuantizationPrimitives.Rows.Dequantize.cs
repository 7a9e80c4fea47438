using System.Globalization;
using System.Numerics;
using Quantization.Kernels;
using Quantization.Kernels.Simd;

namespace Quantization;

public static unsafe partial class QuantizationPrimitives
{
    /// <summary>Dequantizes many vectors in one call: <c>destination[r, c] = source[r, c] · scale</c>. Nothing is allocated.</summary>
    /// <typeparam name="TCode"><see cref="sbyte"/>, <see cref="byte"/>, <see cref="short"/> or <see cref="ushort"/>.</typeparam>
    /// <param name="source">The codes of the vectors, one after another, with zero-point 0.</param>
    /// <param name="columns">How many values a vector has.</param>
    /// <param name="scales">One scale for all vectors, or one each; finite and above 0.</param>
    /// <param name="destination">Receives the values, at least as many as codes.</param>
    /// <exception cref="ArgumentException">
    /// The codes are not whole vectors, there is another number of scales, one is not finite and above 0, or <paramref name="destination"/>
    /// is too short or overlaps <paramref name="source"/>. Nothing is written then.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is not positive.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TCode"/> is none of the types above.</exception>
    public static void DequantizeRows<TCode>(ReadOnlySpan<TCode> source, int columns, ReadOnlySpan<float> scales, Span<float> destination)
        where TCode : unmanaged, IBinaryInteger<TCode> => DequantizeRows(source, columns, scales, isSymmetric: true, default, destination);

    /// <summary>
    /// Dequantizes many vectors in one call: <c>destination[r, c] = (source[r, c] − zeroPoint) · scale</c>. Nothing is allocated.
    /// </summary>
    /// <typeparam name="TCode"><see cref="sbyte"/>, <see cref="byte"/>, <see cref="short"/> or <see cref="ushort"/>.</typeparam>
    /// <param name="source">The codes of the vectors, one after another.</param>
    /// <param name="columns">How many values a vector has.</param>
    /// <param name="scales">One scale for all vectors, or one each; finite and above 0.</param>
    /// <param name="zeroPoints">The codes of real 0, as many as scales.</param>
    /// <param name="destination">Receives the values, at least as many as codes.</param>
    /// <exception cref="ArgumentException">
    /// The codes are not whole vectors, there is another number of scales or zero-points, a scale is not finite and above 0, or
    /// <paramref name="destination"/> is too short or overlaps <paramref name="source"/>. Nothing is
    /// written then.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is not positive.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TCode"/> is none of the types above.</exception>
    public static void DequantizeRows<TCode>(
        ReadOnlySpan<TCode> source, int columns, ReadOnlySpan<float> scales, ReadOnlySpan<TCode> zeroPoints, Span<float> destination)
        where TCode : unmanaged, IBinaryInteger<TCode> =>
        DequantizeRows(source, columns, scales, isSymmetric: false, zeroPoints, destination);

    /// <summary>
    /// Dequantizes many vectors of codes of any signed format of 4, 8 or 16 bits, packed ones too, with zero-point 0; the counterpart of
    /// <see cref="DynamicQuantizeRows(ReadOnlySpan{float}, int, CodeFormat, Span{byte}, Span{float})"/>. Nothing is allocated.
    /// </summary>
    /// <param name="source">The codes, <c>format.GetByteCount(columns)</c> bytes per vector.</param>
    /// <param name="columns">How many values a vector has.</param>
    /// <param name="format">The codes, for example <see cref="CodeFormat.Int4"/>.</param>
    /// <param name="scales">One scale for all vectors, or one each; finite and above 0.</param>
    /// <param name="destination">Receives the values, at least <paramref name="columns"/> a vector.</param>
    /// <exception cref="ArgumentException">
    /// The format lacks negative or positive codes or has 32 bits, the bytes are not whole vectors, there is another number of scales, one
    /// is not finite and above 0, or <paramref name="destination"/> is too short or overlaps
    /// <paramref name="source"/>. Nothing is written then.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is not positive.</exception>
    public static void DequantizeRows(
        ReadOnlySpan<byte> source, int columns, CodeFormat format, ReadOnlySpan<float> scales, Span<float> destination)
    {
        ThrowUnlessRowFormat(format);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        RowShape shape =
            RowShape.OfBytes(source.Length, columns, (int)format.GetByteCount(columns), scales.Length, nameof(source), nameof(scales));
        ThrowUnlessScales(scales);
        RowShape.ThrowUnlessRoom(shape.Rows, columns, destination.Length, nameof(destination));
        fixed (byte* codes = source)
        fixed (float* values = destination)
        fixed (float* steps = scales)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(codes, source.Length, values, shape.Rows * columns * sizeof(float), nameof(destination));
            switch (format.Type)
            {
                case CodeType.Int4:
                    RowKernels.Dequantize<SignedPair>(codes, values, shape, format, steps, null);
                    break;
                case CodeType.Int8:
                    RowKernels.Dequantize<sbyte>(codes, values, shape, format, steps, null);
                    break;
                default:
                    RowKernels.Dequantize<short>(codes, values, shape, format, steps, null);
                    break;
            }
        }
    }

    private static void DequantizeRows<TCode>(
        ReadOnlySpan<TCode> source,
        int columns,
        ReadOnlySpan<float> scales,
        bool isSymmetric,
        ReadOnlySpan<TCode> zeroPoints,
        Span<float> destination)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        CodeFormat format = RowFormat<TCode>();
        RowShape shape = RowShape.Create(source.Length, columns, scales.Length, nameof(source), nameof(scales));
        ThrowUnlessScales(scales);
        if (!isSymmetric)
        {
            ThrowUnlessZeroPoints(scales.Length, zeroPoints.Length);
        }

        RowShape.ThrowUnlessRoom(shape.Rows, columns, destination.Length, nameof(destination));
        fixed (TCode* codes = source)
        fixed (float* values = destination)
        fixed (float* steps = scales)
        fixed (TCode* zeros = zeroPoints)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                codes, (nint)source.Length * sizeof(TCode), values, (nint)source.Length * sizeof(float), nameof(destination));
            RowKernels.Dequantize<TCode>((byte*)codes, values, shape, format, steps, (byte*)zeros);
        }
    }

    private static void ThrowUnlessScales(ReadOnlySpan<float> scales)
    {
        for (int i = 0; i < scales.Length; i++)
        {
            if (!(scales[i] > 0) || !float.IsFinite(scales[i]))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Scale {i} is {scales[i]:R}; a scale must be finite and above 0."),
                    nameof(scales));
            }
        }
    }
}
