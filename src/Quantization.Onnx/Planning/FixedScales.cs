using System.Collections.Immutable;
using System.Globalization;

namespace Quantization.Onnx;

/// <summary>
/// The scales are given, one for each channel or one for the tensor; the zero-points are 0. For weights whose scales were found in
/// training.
/// </summary>
/// <param name="Scales">The scales.</param>
public sealed record FixedScales(ImmutableArray<float> Scales) : RangeRule
{
    /// <inheritdoc />
    public override string Describe() =>
        $"scales {string.Join(' ', Scales.Select(scale => scale.ToString("R", CultureInfo.InvariantCulture)))}";

    /// <summary>Compares by value.</summary>
    public bool Equals(FixedScales? other) => other is not null && Scales.AsSpan().SequenceEqual(other.Scales.AsSpan());

    /// <inheritdoc />
    public override int GetHashCode() => Scales.IsEmpty ? 0 : HashCode.Combine(Scales.Length, Scales[0], Scales[^1]);
}
