using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Quantization;

/// <summary>
/// The symmetric (scale) mapping: the zero-point is 0, so products of codes need no correction. Texts write <c>clip(round(s·x))</c>; here
/// <c>scale = 1/s</c>. The factories restrict signed formats to ±MaxCode (int8: −127 … 127), so that a value and its negative get opposite
/// codes; with unsigned formats negative values saturate at code 0.
/// </summary>
public sealed class SymmetricQuantizer : UniformQuantizer
{
    /// <summary>
    /// Makes a quantizer of given scales, over the interval of codes as it is given: pass <see cref="CodeFormat.Restricted"/> or a full
    /// range.
    /// </summary>
    /// <param name="format">The codes; 0 must be one of them.</param>
    /// <param name="parameters">
    /// The scales, one per group in row-major order of <see cref="Granularity.GetParameterShape"/>; the zero-points must be 0.
    /// </param>
    /// <param name="granularity">Which values share a scale.</param>
    /// <exception cref="ArgumentException">A zero-point is not 0, 0 is not a code, or per-tensor is given more than one scale.</exception>
    public SymmetricQuantizer(CodeFormat format, QuantizationParameters parameters, Granularity granularity = default)
        : base(format, parameters, granularity)
    {
        if (!parameters.IsSymmetric)
        {
            throw new ArgumentException(
                $"The zero-points of a symmetric quantizer are 0; use {nameof(AffineQuantizer)} for others.", nameof(parameters));
        }
    }

    /// <summary>
    /// The per-tensor quantizer whose largest code stands for the larger magnitude of <paramref name="range"/>'s ends; see
    /// <see cref="QuantizationParameters.FromRanges"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The format has no code for 0 or none above it.</exception>
    public static SymmetricQuantizer FromRange(ValueRange range, CodeFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return new(format.Restricted, QuantizationParameters.FromRange(range, format.Restricted, QuantizationScheme.Symmetric));
    }

    /// <summary>
    /// The quantizer whose ranges are the largest magnitudes of each group of <paramref name="values"/>, or what a calibrator chooses for
    /// it.
    /// </summary>
    /// <param name="values">The tensor; its shape decides the number of groups.</param>
    /// <param name="format">The codes.</param>
    /// <param name="granularity">Which values share a scale.</param>
    /// <param name="calibrator">
    /// Chooses each group's range from its statistics (1,024 bins per sign; 4,096 per-tensor); null for the largest magnitude.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A value is not finite, the tensor lacks the granularity's axis, or the format has no code for 0 or none above it.
    /// </exception>
    public static SymmetricQuantizer FromTensor(
        in ReadOnlyTensorSpan<float> values, CodeFormat format, Granularity granularity = default, ICalibrator? calibrator = null)
    {
        ArgumentNullException.ThrowIfNull(format);
        ValueRange[] ranges = GroupRanges.Of(values, granularity, format.Restricted, QuantizationScheme.Symmetric, calibrator);
        return new(
            format.Restricted, QuantizationParameters.FromRanges(ranges, format.Restricted, QuantizationScheme.Symmetric), granularity);
    }

    /// <summary>
    /// The same for values in a span, which is taken as a tensor of one axis. For other shapes, wrap the span: <c>new
    /// ReadOnlyTensorSpan&lt;float&gt;(values, [rows, columns])</c> copies nothing.
    /// </summary>
    /// <param name="values">The values.</param>
    /// <param name="format">The codes.</param>
    /// <param name="granularity">Which values share a range.</param>
    /// <param name="calibrator">Chooses each group's range from its statistics; null for the largest magnitude.</param>
    /// <exception cref="ArgumentException">
    /// A value is not finite, or the granularity does not fit a vector, or the format has no code for 0 or none above it.
    /// </exception>
    public static SymmetricQuantizer FromValues(
        ReadOnlySpan<float> values, CodeFormat format, Granularity granularity = default, ICalibrator? calibrator = null) =>
        FromTensor(new ReadOnlyTensorSpan<float>(values), format, granularity, calibrator);

    /// <summary>
    /// Dynamic quantization: finds the largest magnitude of each group in the values themselves, as <see cref="FromTensor"/>, and quantizes
    /// them with it.
    /// </summary>
    /// <param name="values">The tensor; all values finite.</param>
    /// <param name="codes">Receives the codes as ONNX <c>raw_data</c>: <c>format.GetByteCount(values.FlattenedLength)</c> bytes.</param>
    /// <param name="format">The codes.</param>
    /// <param name="granularity">Which values share a scale.</param>
    /// <returns>The quantizer, whose <see cref="UniformQuantizer.Parameters"/> the codes were made with.</returns>
    /// <exception cref="ArgumentException">
    /// A value is not finite, the tensor lacks the granularity's axis, the format has no code for 0 or none above it, or the codes take
    /// another number of bytes. Nothing is written then.
    /// </exception>
    public static SymmetricQuantizer DynamicQuantize(
        in ReadOnlyTensorSpan<float> values, in TensorSpan<byte> codes, CodeFormat format, Granularity granularity = default)
    {
        SymmetricQuantizer quantizer = FromTensor(values, format, granularity);
        quantizer.Quantize(values, codes);
        return quantizer;
    }

    /// <summary>Per-tensor dynamic quantization of values in a span into typed or packed codes.</summary>
    /// <typeparam name="TCode">The type that stores a code of the format; <see cref="byte"/> for packed codes.</typeparam>
    /// <param name="values">The values; all finite.</param>
    /// <param name="codes">
    /// Receives the codes, as many as values; packed codes take <c>format.GetByteCount(values.Length)</c> bytes.
    /// </param>
    /// <param name="format">The codes.</param>
    /// <returns>The quantizer, whose <see cref="UniformQuantizer.Parameters"/> the codes were made with.</returns>
    /// <exception cref="ArgumentException">
    /// A value is not finite, <typeparamref name="TCode"/> does not store the format's codes, or the lengths do not fit, or the format has
    /// no code for 0 or none above it. Nothing is written then.
    /// </exception>
    // Arrays convert to spans and to tensors: they take the overload of tensors.
    [OverloadResolutionPriority(-1)]
    public static SymmetricQuantizer DynamicQuantize<TCode>(ReadOnlySpan<float> values, Span<TCode> codes, CodeFormat format)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        SymmetricQuantizer quantizer = FromValues(values, format);
        quantizer.Quantize(values, codes);
        return quantizer;
    }
}
