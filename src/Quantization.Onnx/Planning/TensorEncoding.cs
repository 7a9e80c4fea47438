using System.Globalization;

namespace Quantization.Onnx;

/// <summary>How one tensor is written as codes. Immutable and compared by value.</summary>
/// <param name="Format">The codes.</param>
/// <param name="Scheme">Whether the range is symmetric about 0.</param>
/// <param name="Granularity">One scale for the tensor or one for each channel.</param>
/// <param name="Range">How the range is found, or the parameters themselves.</param>
public sealed record TensorEncoding(CodeFormat Format, QuantizationScheme Scheme, GranularityKind Granularity, RangeRule Range)
{
    /// <summary>
    /// How weights in blocks are written; null where there are no blocks. Goes with <see cref="GranularityKind.PerBlock"/>.
    /// </summary>
    public BlockLayout? Blocks { get; init; }

    /// <summary>How weights in blocks become codes.</summary>
    public WeightMethod Method { get; init; }

    /// <summary>Whether the zero-point is 0 whatever the values are: the range is symmetric, and so are the codes.</summary>
    public bool IsCentred => Scheme == QuantizationScheme.Symmetric && Format.IsSigned && Format == Format.Restricted;

    /// <summary>
    /// The parameters of a range. A symmetric range gets the codes of an affine one where the format reaches further to one side.
    /// </summary>
    internal QuantizationParameters ToParameters(ValueRange range) => IsCentred
        ? QuantizationParameters.FromRange(ValueRange.Symmetric(range.MaxMagnitude), Format, QuantizationScheme.Symmetric)
        : QuantizationParameters.FromRange(range, Format, QuantizationScheme.Affine);

    /// <summary>The encoding with the parameters of a range.</summary>
    internal TensorEncoding WithParameters(ValueRange range)
    {
        QuantizationParameters parameters = ToParameters(range);
        return this with { Range = new FixedParameters(parameters.Scales[0], parameters.ZeroPoints[0]) };
    }

    /// <summary>The encoding in one line, the same for equal encodings.</summary>
    public override string ToString() => $"{Format} {Scheme} {Granularity}{DescribeBlocks()}: {Range.Describe()}";

    private string DescribeBlocks() => Blocks is null ? ""
        : string.Create(CultureInfo.InvariantCulture, $" of {Blocks.Size} by {Blocks.Form} {Blocks.AccuracyLevel}, {Method}");
}
