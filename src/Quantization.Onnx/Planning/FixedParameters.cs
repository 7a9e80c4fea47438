using System.Globalization;

namespace Quantization.Onnx;

/// <summary>The scale and the zero-point are given.</summary>
/// <param name="Scale">The scale.</param>
/// <param name="ZeroPoint">The zero-point.</param>
public sealed record FixedParameters(float Scale, int ZeroPoint) : RangeRule
{
    /// <summary>The parameters as quantizers take them.</summary>
    public QuantizationParameters ToParameters() => new([Scale], [ZeroPoint]);

    /// <inheritdoc />
    public override string Describe() => string.Create(CultureInfo.InvariantCulture, $"scale {Scale:R}, zero-point {ZeroPoint}");
}
