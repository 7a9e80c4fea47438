using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Quantization.Kernels;

namespace Quantization;

/// <summary>The operations of <see cref="IQuantizer"/> on plain spans and on tensors of typed codes.</summary>
public static unsafe class QuantizerExtensions
{
    /// <summary>Quantizes a vector into typed or packed codes; see <see cref="IQuantizer.Quantize"/>.</summary>
    /// <typeparam name="TCode">
    /// The type that stores a code of the quantizer's format: <see cref="sbyte"/> for <see cref="CodeType.Int8"/>, and so on;
    /// <see cref="byte"/> for packed codes, of which there are <c>Format.GetByteCount(source.Length)</c>.
    /// </typeparam>
    /// <exception cref="ArgumentException">
    /// <typeparamref name="TCode"/> does not store the format's codes, the lengths differ, or the granularity does not fit a vector.
    /// </exception>
    public static void Quantize<TCode>(this IQuantizer quantizer, ReadOnlySpan<float> source, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        ThrowUnlessStoredOrPacked<TCode>(quantizer);
        quantizer.Quantize(new ReadOnlyTensorSpan<float>(source), new TensorSpan<byte>(MemoryMarshal.AsBytes(codes)));
    }

    /// <summary>
    /// Quantizes a vector of half-precision values into typed or packed codes; each is converted to float, which is exact, then quantized.
    /// </summary>
    /// <typeparam name="TCode">The type that stores a code of the quantizer's format; <see cref="byte"/> for packed codes.</typeparam>
    /// <exception cref="ArgumentException">
    /// <typeparamref name="TCode"/> does not store the format's codes, the lengths differ, or the granularity does not fit a vector.
    /// </exception>
    public static void Quantize<TCode>(this UniformQuantizer quantizer, ReadOnlySpan<Half> source, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        ThrowUnlessStoredOrPacked<TCode>(quantizer);
        quantizer.QuantizeValues(new ReadOnlyTensorSpan<Half>(source), new TensorSpan<byte>(MemoryMarshal.AsBytes(codes)));
    }

    /// <summary>
    /// Quantizes half-precision values: each is converted to float, which is exact, then quantized as by <see cref="IQuantizer.Quantize"/>.
    /// </summary>
    /// <param name="quantizer">The quantizer.</param>
    /// <param name="source">The values, of any strides.</param>
    /// <param name="codes">
    /// Receives the codes as ONNX <c>raw_data</c>: a dense span of <c>Format.GetByteCount(source.FlattenedLength)</c> bytes, row-major.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The lengths do not fit, or the source has no shape that the granularity and the number of parameters allow.
    /// </exception>
    public static void Quantize(this UniformQuantizer quantizer, in ReadOnlyTensorSpan<Half> source, in TensorSpan<byte> codes)
    {
        ArgumentNullException.ThrowIfNull(quantizer);
        quantizer.QuantizeValues(source, codes);
    }

    /// <summary>Dequantizes a vector of typed or packed codes; see <see cref="IQuantizer.Dequantize"/>.</summary>
    /// <typeparam name="TCode">The type that stores a code of the quantizer's format; <see cref="byte"/> for packed codes.</typeparam>
    /// <exception cref="ArgumentException">
    /// <typeparamref name="TCode"/> does not store the format's codes, the lengths differ, or the granularity does not fit a vector.
    /// </exception>
    public static void Dequantize<TCode>(this IQuantizer quantizer, ReadOnlySpan<TCode> codes, Span<float> destination)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        ThrowUnlessStoredOrPacked<TCode>(quantizer);
        quantizer.Dequantize(new ReadOnlyTensorSpan<byte>(MemoryMarshal.AsBytes(codes)), new TensorSpan<float>(destination));
    }

    /// <summary>Quantizes and dequantizes a vector in one go; see <see cref="IQuantizer.FakeQuantize"/>.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or the granularity does not fit a vector.</exception>
    public static void FakeQuantize(this IQuantizer quantizer, ReadOnlySpan<float> source, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(quantizer);
        quantizer.FakeQuantize(new ReadOnlyTensorSpan<float>(source), new TensorSpan<float>(destination));
    }

    /// <summary>Quantizes a tensor into a row-major tensor of typed codes; see <see cref="IQuantizer.Quantize"/>.</summary>
    /// <typeparam name="TCode">The type that stores a code of the quantizer's format.</typeparam>
    /// <exception cref="ArgumentException">
    /// <typeparamref name="TCode"/> does not store the format's codes, the shapes differ or do not fit the granularity, or the codes are
    /// not consecutive in memory.
    /// </exception>
    public static void Quantize<TCode>(this IQuantizer quantizer, in ReadOnlyTensorSpan<float> source, in TensorSpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        ThrowUnlessStored<TCode>(quantizer);
        TensorChecks.ThrowUnlessSameShape(source.Lengths, codes.Lengths, nameof(codes));
        TensorChecks.ThrowUnlessContiguous(codes.Lengths, codes.Strides, nameof(codes));
        fixed (TCode* first = codes)
        {
            quantizer.Quantize(source, new TensorSpan<byte>((byte*)first, codes.FlattenedLength * sizeof(TCode)));
        }
    }

    /// <summary>Dequantizes a row-major tensor of typed codes; see <see cref="IQuantizer.Dequantize"/>.</summary>
    /// <typeparam name="TCode">The type that stores a code of the quantizer's format.</typeparam>
    /// <exception cref="ArgumentException">
    /// <typeparamref name="TCode"/> does not store the format's codes, the shapes differ or do not fit the granularity, or the codes are
    /// not consecutive in memory.
    /// </exception>
    public static void Dequantize<TCode>(this IQuantizer quantizer, in ReadOnlyTensorSpan<TCode> codes, in TensorSpan<float> destination)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        ThrowUnlessStored<TCode>(quantizer);
        TensorChecks.ThrowUnlessSameShape(codes.Lengths, destination.Lengths, nameof(destination));
        TensorChecks.ThrowUnlessContiguous(codes.Lengths, codes.Strides, nameof(codes));
        fixed (TCode* first = codes)
        {
            quantizer.Dequantize(new ReadOnlyTensorSpan<byte>((byte*)first, codes.FlattenedLength * sizeof(TCode)), destination);
        }
    }

    /// <summary>A span has no shape that packed codes could contradict, so bytes hold them too.</summary>
    private static void ThrowUnlessStoredOrPacked<TCode>(
        IQuantizer quantizer, [CallerArgumentExpression(nameof(quantizer))] string? parameterName = null)
    {
        ArgumentNullException.ThrowIfNull(quantizer, parameterName);
        if (typeof(TCode) != typeof(byte) || quantizer.Format.StorageBits >= 8)
        {
            ThrowUnlessStored<TCode>(quantizer, parameterName);
        }
    }

    private static void ThrowUnlessStored<TCode>(
        IQuantizer quantizer, [CallerArgumentExpression(nameof(quantizer))] string? parameterName = null)
    {
        ArgumentNullException.ThrowIfNull(quantizer, parameterName);
        if (CodeStorage.TypeOf<TCode>() != quantizer.Format.Type)
        {
            throw new ArgumentException(
                quantizer.Format.StorageBits < 8
                    ? $"The codes of {quantizer.Format} are packed {8 / quantizer.Format.StorageBits} per byte; pass a "
                        + "span or tensor of bytes."
                    : $"The codes of {quantizer.Format} are not stored as {typeof(TCode).Name}.",
                parameterName);
        }
    }
}
