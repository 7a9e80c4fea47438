using System.Numerics;
using Quantization.Kernels;

namespace Quantization;

/// <summary>
/// Quantization on spans, in the manner of <see cref="System.Numerics.Tensors.TensorPrimitives"/>: one scale and zero-point for all
/// elements, codes over the whole range of their type.
/// </summary>
public static unsafe partial class QuantizationPrimitives
{
    /// <summary>
    /// Computes <c>destination[i] = saturate(roundHalfToEven(source[i] / scale) + zeroPoint)</c>, as ONNX QuantizeLinear: the quotient is
    /// rounded to float, then to an integer with ties to even, and the sum saturates to <typeparamref name="TCode"/>. NaN gives
    /// <paramref name="zeroPoint"/>; ±∞ saturate.
    /// </summary>
    /// <typeparam name="TCode">
    /// <see cref="sbyte"/>, <see cref="byte"/>, <see cref="short"/>, <see cref="ushort"/> or <see cref="int"/>.
    /// </typeparam>
    /// <param name="source">The values.</param>
    /// <param name="scale">The step between codes, in real units; finite and above 0.</param>
    /// <param name="zeroPoint">The code of real 0.</param>
    /// <param name="destination">
    /// Receives the codes, at least as many as values; it may start where <paramref name="source"/> starts.
    /// </param>
    /// <exception cref="ArgumentException">
    /// <paramref name="destination"/> is shorter than <paramref name="source"/>, or overlaps it elsewhere than at its start.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="scale"/> is not finite and positive.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TCode"/> is none of the types above.</exception>
    public static void Quantize<TCode>(ReadOnlySpan<float> source, float scale, TCode zeroPoint, Span<TCode> destination)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        (MappingParameters mapping, CodeFormat format) = Mapping(scale, zeroPoint);
        Overlap.ThrowUnlessDestinationFits(source.Length, destination.Length, nameof(destination));
        fixed (float* values = source)
        fixed (TCode* codes = destination)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                values, (nint)source.Length * sizeof(float), codes, (nint)source.Length * sizeof(TCode), nameof(destination));
            UniformKernels.Quantize(values, codes, source.Length, mapping, format);
        }
    }

    /// <summary>
    /// Computes <c>destination[i] = (source[i] − zeroPoint) · scale</c>, as ONNX DequantizeLinear: the difference is exact, and each of its
    /// conversion to float and the product is rounded once.
    /// </summary>
    /// <typeparam name="TCode">
    /// <see cref="sbyte"/>, <see cref="byte"/>, <see cref="short"/>, <see cref="ushort"/> or <see cref="int"/>.
    /// </typeparam>
    /// <param name="source">The codes.</param>
    /// <param name="scale">The step between codes, in real units; finite and above 0.</param>
    /// <param name="zeroPoint">The code of real 0.</param>
    /// <param name="destination">Receives the values, at least as many as codes.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="destination"/> is shorter than <paramref name="source"/>, or overlaps it; 32-bit codes may be dequantized in place.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="scale"/> is not finite and positive.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TCode"/> is none of the types above.</exception>
    public static void Dequantize<TCode>(ReadOnlySpan<TCode> source, float scale, TCode zeroPoint, Span<float> destination)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        (MappingParameters mapping, CodeFormat format) = Mapping(scale, zeroPoint);
        Overlap.ThrowUnlessDestinationFits(source.Length, destination.Length, nameof(destination));
        fixed (TCode* codes = source)
        fixed (float* values = destination)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                codes, (nint)source.Length * sizeof(TCode), values, (nint)source.Length * sizeof(float), nameof(destination));
            UniformKernels.Dequantize(codes, values, source.Length, mapping, format);
        }
    }

    /// <summary>Quantizes and dequantizes in one go, with the result of quantizing and then dequantizing; NaN becomes 0.</summary>
    /// <typeparam name="TCode">
    /// The type whose codes are simulated: <see cref="sbyte"/>, <see cref="byte"/>, <see cref="short"/>, <see cref="ushort"/> or
    /// <see cref="int"/>.
    /// </typeparam>
    /// <param name="source">The values.</param>
    /// <param name="scale">The step between codes, in real units; finite and above 0.</param>
    /// <param name="zeroPoint">The code of real 0.</param>
    /// <param name="destination">Receives the values that have codes; it may be <paramref name="source"/>.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="destination"/> is shorter than <paramref name="source"/>, or overlaps it elsewhere than at its start.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="scale"/> is not finite and positive.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TCode"/> is none of the types above.</exception>
    public static void FakeQuantize<TCode>(ReadOnlySpan<float> source, float scale, TCode zeroPoint, Span<float> destination)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        (MappingParameters mapping, CodeFormat format) = Mapping(scale, zeroPoint);
        Overlap.ThrowUnlessDestinationFits(source.Length, destination.Length, nameof(destination));
        fixed (float* values = source)
        fixed (float* results = destination)
        {
            nint bytes = (nint)source.Length * sizeof(float);
            Overlap.ThrowUnlessDisjointOrInPlace(values, bytes, results, bytes, nameof(destination));
            UniformKernels.FakeQuantize<TCode>(values, results, source.Length, mapping, format);
        }
    }

    private static (MappingParameters Mapping, CodeFormat Format) Mapping<TCode>(float scale, TCode zeroPoint)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        if (!(scale > 0) || !float.IsFinite(scale))
        {
            throw new ArgumentOutOfRangeException(nameof(scale), scale, "A scale must be finite and above 0.");
        }

        CodeFormat format = CodeFormat.Full(CodeStorage.TypeOf<TCode>());
        return (new MappingParameters(scale, int.CreateTruncating(zeroPoint), format), format);
    }
}
