using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Quantization;

/// <summary>
/// The affine (asymmetric) mapping: a scale and a zero-point for each group, so that a range that lies anywhere about 0 uses all codes.
/// Many texts write <c>clip(round(s·x + z))</c>; here <c>scale = 1/s</c>, and the quotient is rounded before the zero-point is added, as in
/// ONNX.
/// </summary>
/// <example>
/// <code>
/// AffineQuantizer quantizer = AffineQuantizer.FromRange(new ValueRange(-1, 3), CodeFormat.UInt8);
/// byte[] codes = new byte[values.Length];
/// quantizer.Quantize(values, codes);
/// </code>
/// </example>
public sealed class AffineQuantizer : UniformQuantizer
{
    /// <summary>Makes a quantizer of given scales and zero-points.</summary>
    /// <param name="format">The codes.</param>
    /// <param name="parameters">
    /// The scales and zero-points, one pair per group in row-major order of <see cref="Granularity.GetParameterShape"/>.
    /// </param>
    /// <param name="granularity">Which values share a pair.</param>
    /// <exception cref="ArgumentException">
    /// A zero-point is not a code of the format, or per-tensor is given more than one scale.
    /// </exception>
    public AffineQuantizer(CodeFormat format, QuantizationParameters parameters, Granularity granularity = default)
        : base(format, parameters, granularity)
    {
    }

    /// <summary>
    /// The per-tensor quantizer that spreads the codes over <paramref name="range"/>, widened to contain 0; see
    /// <see cref="QuantizationParameters.FromRanges"/>.
    /// </summary>
    public static AffineQuantizer FromRange(ValueRange range, CodeFormat format) =>
        new(format, QuantizationParameters.FromRange(range, format, QuantizationScheme.Affine));

    /// <summary>
    /// The quantizer whose ranges are the smallest and largest value of each group of <paramref name="values"/>, or what a calibrator
    /// chooses for it.
    /// </summary>
    /// <param name="values">The tensor; its shape decides the number of groups.</param>
    /// <param name="format">The codes.</param>
    /// <param name="granularity">Which values share a range.</param>
    /// <param name="calibrator">
    /// Chooses each group's range from its statistics (1,024 bins per sign; 4,096 per-tensor); null for the smallest and the largest value.
    /// </param>
    /// <exception cref="ArgumentException">A value is not finite, or the tensor lacks the granularity's axis.</exception>
    public static AffineQuantizer FromTensor(
        in ReadOnlyTensorSpan<float> values, CodeFormat format, Granularity granularity = default, ICalibrator? calibrator = null) =>
        new(
            format,
            QuantizationParameters.FromRanges(
                GroupRanges.Of(values, granularity, format, QuantizationScheme.Affine, calibrator), format, QuantizationScheme.Affine),
            granularity);

    /// <summary>
    /// The same for values in a span, which is taken as a tensor of one axis. For other shapes, wrap the span: <c>new
    /// ReadOnlyTensorSpan&lt;float&gt;(values, [rows, columns])</c> copies nothing.
    /// </summary>
    /// <param name="values">The values.</param>
    /// <param name="format">The codes.</param>
    /// <param name="granularity">Which values share a range.</param>
    /// <param name="calibrator">Chooses each group's range from its statistics; null for the smallest and largest value.</param>
    /// <exception cref="ArgumentException">A value is not finite, or the granularity does not fit a vector.</exception>
    public static AffineQuantizer FromValues(
        ReadOnlySpan<float> values, CodeFormat format, Granularity granularity = default, ICalibrator? calibrator = null) =>
        FromTensor(new ReadOnlyTensorSpan<float>(values), format, granularity, calibrator);

    /// <summary>
    /// Dynamic quantization: finds the range of each group in the values themselves, as <see cref="FromTensor"/>, and quantizes them with
    /// it. Per-tensor in uint8 it equals ONNX DynamicQuantizeLinear; per-channel along axis 0 gives each row its scale, per-block each
    /// block.
    /// </summary>
    /// <param name="values">The tensor; all values finite.</param>
    /// <param name="codes">Receives the codes as ONNX <c>raw_data</c>: <c>format.GetByteCount(values.FlattenedLength)</c> bytes.</param>
    /// <param name="format">The codes.</param>
    /// <param name="granularity">Which values share a range.</param>
    /// <returns>The quantizer, whose <see cref="UniformQuantizer.Parameters"/> the codes were made with.</returns>
    /// <exception cref="ArgumentException">
    /// A value is not finite, the tensor lacks the granularity's axis, or the codes take another number of bytes. Nothing is written then.
    /// </exception>
    public static AffineQuantizer DynamicQuantize(
        in ReadOnlyTensorSpan<float> values, in TensorSpan<byte> codes, CodeFormat format, Granularity granularity = default)
    {
        AffineQuantizer quantizer = FromTensor(values, format, granularity);
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
    /// A value is not finite, <typeparamref name="TCode"/> does not store the format's codes, or the lengths do not fit. Nothing is written
    /// then.
    /// </exception>
    // Arrays convert to spans and to tensors: they take the overload of tensors.
    [OverloadResolutionPriority(-1)]
    public static AffineQuantizer DynamicQuantize<TCode>(ReadOnlySpan<float> values, Span<TCode> codes, CodeFormat format)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        AffineQuantizer quantizer = FromValues(values, format);
        quantizer.Quantize(values, codes);
        return quantizer;
    }
}
