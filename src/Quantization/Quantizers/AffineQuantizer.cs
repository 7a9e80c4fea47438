using System.Numerics.Tensors;

namespace Quantization;

/// <summary>
/// The affine (asymmetric) mapping: a scale and a zero-point for each group, so that a range that lies anywhere about 0 uses all codes. Many texts write
/// <c>clip(round(s·x + z))</c>; here <c>scale = 1/s</c>, and the quotient is rounded before the zero-point is added, as in ONNX.
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
    /// <param name="parameters">The scales and zero-points, one pair a group in row-major order of <see cref="Granularity.GetParameterShape"/>.</param>
    /// <param name="granularity">Which values share a pair.</param>
    /// <exception cref="ArgumentException">A zero-point is not a code of the format, or per-tensor is given more than one scale.</exception>
    public AffineQuantizer(CodeFormat format, QuantizationParameters parameters, Granularity granularity = default)
        : base(format, parameters, granularity)
    {
    }

    /// <summary>The per-tensor quantizer that spreads the codes over <paramref name="range"/>, widened to contain 0; see <see cref="QuantizationParameters.FromRanges"/>.</summary>
    public static AffineQuantizer FromRange(ValueRange range, CodeFormat format) =>
        new(format, QuantizationParameters.FromRange(range, format, QuantizationScheme.Affine));

    /// <summary>The quantizer whose ranges are the smallest and largest value of each group of <paramref name="values"/>.</summary>
    /// <param name="values">The tensor; its shape decides the number of groups.</param>
    /// <param name="format">The codes.</param>
    /// <param name="granularity">Which values share a range.</param>
    /// <exception cref="ArgumentException">A value is not finite, or the tensor lacks the granularity's axis.</exception>
    public static AffineQuantizer FromTensor(in ReadOnlyTensorSpan<float> values, CodeFormat format, Granularity granularity = default) =>
        new(format, QuantizationParameters.FromRanges(GroupRanges.MinMax(values, granularity), format, QuantizationScheme.Affine), granularity);
}
