using System.Numerics;
using Quantization.Kernels;

namespace Quantization;

public static unsafe partial class QuantizationPrimitives
{
    /// <summary>The smallest and the largest value, in one pass. Both are NaN where a value is NaN; a zero is +0.</summary>
    /// <exception cref="ArgumentException"><paramref name="source"/> is empty.</exception>
    public static (float Min, float Max) MinMax(ReadOnlySpan<float> source)
    {
        ThrowIfEmpty(source);
        fixed (float* values = source)
        {
            return Extremes.MinMax(values, source.Length);
        }
    }

    /// <summary>The largest absolute value; NaN where a value is NaN.</summary>
    /// <exception cref="ArgumentException"><paramref name="source"/> is empty.</exception>
    public static float MaxMagnitude(ReadOnlySpan<float> source)
    {
        ThrowIfEmpty(source);
        fixed (float* values = source)
        {
            return Extremes.MaxMagnitude(values, source.Length);
        }
    }

    /// <summary>
    /// Quantizes with the range of the values themselves, as ONNX DynamicQuantizeLinear: the range of the values widened to contain 0 is
    /// spread over all codes (see <see cref="QuantizationParameters.FromRanges"/>), then
    /// <see cref="Quantize{TCode}(ReadOnlySpan{float}, float, TCode, Span{TCode})"/> is applied. Equal to ONNX Runtime for
    /// <see cref="byte"/>, wherever the scale is a normal number.
    /// </summary>
    /// <typeparam name="TCode">
    /// <see cref="sbyte"/>, <see cref="byte"/>, <see cref="short"/>, <see cref="ushort"/> or <see cref="int"/>.
    /// </typeparam>
    /// <param name="source">The values; all finite.</param>
    /// <param name="destination">
    /// Receives the codes, at least as many as values; it may start where <paramref name="source"/> starts.
    /// </param>
    /// <param name="zeroPoint">The code of real 0.</param>
    /// <returns>The scale; 1 where all values are 0 or there is none.</returns>
    /// <exception cref="ArgumentException">
    /// A value is not finite, or <paramref name="destination"/> is too short or overlaps <paramref name="source"/> elsewhere than at its
    /// start. Nothing is written then.
    /// </exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TCode"/> is none of the types above.</exception>
    public static float DynamicQuantize<TCode>(ReadOnlySpan<float> source, Span<TCode> destination, out TCode zeroPoint)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        CodeFormat format = CodeFormat.Full(CodeStorage.TypeOf<TCode>());
        (float min, float max) = source.IsEmpty ? (0, 0) : MinMax(source);
        if (!float.IsFinite(max - min) && (!float.IsFinite(min) || !float.IsFinite(max)))
        {
            throw GroupRanges.NotFinite(source, nameof(source));
        }

        (float scale, int zero) = QuantizationParameters.OfRange(new ValueRange(min, max), format, QuantizationScheme.Affine);
        zeroPoint = TCode.CreateTruncating(zero);
        Quantize(source, scale, zeroPoint, destination);
        return scale;
    }

    private static void ThrowIfEmpty(ReadOnlySpan<float> source)
    {
        if (source.IsEmpty)
        {
            throw new ArgumentException("There are no values.", nameof(source));
        }
    }
}
