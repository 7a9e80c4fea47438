using System.Numerics.Tensors;
using Quantization.Codebooks;
using Quantization.Kernels;

namespace Quantization;

/// <summary>
/// Non-uniform quantization: <c>code = codebook(value / scale)</c> and <c>value = level[code] · scale</c>, with scale 1 unless scales are
/// given. The quotient and the product are rounded to float. NaN gets the code of 0 (its own in FP8), ±∞ the last and the first code.
/// </summary>
/// <remarks>
/// A sixteen-level codebook on processors with 256-bit registers, and every codebook with 512-bit ones, is searched in registers; otherwise
/// a table narrows the search down to one comparison. The codes are the same.
/// </remarks>
/// <example>
/// <code>
/// CodebookQuantizer quantizer = new(new Codebook([0, 1], [-0.5f, 0.5f, 1.5f]));
/// quantizer.Quantize([-3f, 0f, 0.99f, 1f], codes);   // 0, 1, 1, 2
/// </code>
/// </example>
public sealed class CodebookQuantizer : IQuantizer
{
    private static readonly QuantizationParameters Unscaled = new([1f]);

    /// <summary>Makes a per-tensor quantizer with scale 1 that stores a code in a byte.</summary>
    public CodebookQuantizer(Codebook codebook)
        : this(codebook, CodeFormat.UInt8, Unscaled)
    {
    }

    /// <summary>Makes a quantizer whose values are divided by a scale before the codebook decides.</summary>
    /// <param name="codebook">The thresholds and levels.</param>
    /// <param name="format">
    /// The codes: <see cref="Codebook.NarrowestFormat"/> packs as many into a byte as fit, <see cref="CodeFormat.UInt8"/> stores one. It
    /// must be one of the unsigned formats of 1, 2, 4 or 8 bits and contain the codebook's codes.
    /// </param>
    /// <param name="parameters">
    /// The scales, one per group in row-major order of <see cref="Granularity.GetParameterShape"/>; the zero-points must be 0.
    /// </param>
    /// <param name="granularity">Which values share a scale.</param>
    /// <exception cref="ArgumentException">
    /// The format lacks codes, a zero-point is not 0, or per-tensor is given more than one scale.
    /// </exception>
    public CodebookQuantizer(Codebook codebook, CodeFormat format, QuantizationParameters parameters, Granularity granularity = default)
    {
        ArgumentNullException.ThrowIfNull(codebook);
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(parameters);
        if (format.Type is not (CodeType.UInt1 or CodeType.UInt2 or CodeType.UInt4 or CodeType.UInt8)
            || format.MinCode > 0
            || format.MaxCode < codebook.Cells.MaxCode)
        {
            throw new ArgumentException($"The codebook's codes are 0 … {codebook.Cells.MaxCode}, which {format} does not store; "
                + $"{codebook.NarrowestFormat} does, and UInt8 does for every codebook.", nameof(format));
        }

        if (!parameters.IsSymmetric)
        {
            throw new ArgumentException("A codebook has no zero-point; they must be 0.", nameof(parameters));
        }

        if (granularity.Kind == GranularityKind.PerTensor && parameters.Count != 1)
        {
            throw new ArgumentException($"Per-tensor takes one scale; there are {parameters.Count}.", nameof(parameters));
        }

        Codebook = codebook;
        Format = format;
        Parameters = parameters;
        Granularity = granularity;
    }

    /// <summary>The thresholds and levels.</summary>
    public Codebook Codebook { get; }

    /// <inheritdoc/>
    public CodeFormat Format { get; }

    /// <inheritdoc/>
    public Granularity Granularity { get; }

    /// <summary>The scales; the zero-points are 0.</summary>
    public QuantizationParameters Parameters { get; }

    /// <summary>
    /// The quantizer that scales each group of <paramref name="values"/> by its largest magnitude, as QLoRA does with NormalFloat4:
    /// <c>scale = max|x| / fullScale</c>, and 1 for a group of zeros.
    /// </summary>
    /// <param name="values">The tensor; its shape decides the number of groups.</param>
    /// <param name="codebook">The thresholds and levels.</param>
    /// <param name="format">The codes; <see cref="Codebook.NarrowestFormat"/> takes the least memory.</param>
    /// <param name="granularity">Which values share a scale.</param>
    /// <param name="fullScale">
    /// Where the largest magnitude falls in the codebook; <see cref="Codebook.MaxMagnitude"/>, the largest level, where none is given. A
    /// codebook learned from values in −1 … 1 takes 1.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A value is not finite, the tensor lacks the granularity's axis, all levels are 0, or the format lacks codes.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fullScale"/> is not finite and above 0.</exception>
    public static CodebookQuantizer FromTensor(
        in ReadOnlyTensorSpan<float> values, Codebook codebook, CodeFormat format, Granularity granularity = default,
        float? fullScale = null) =>
        FromRanges(GroupRanges.MinMax(values, granularity), codebook, format, granularity, fullScale);

    /// <summary>
    /// The same for values in a span, which is taken as a tensor of one axis. For other shapes, wrap the span: <c>new
    /// ReadOnlyTensorSpan&lt;float&gt;(values, [rows, columns])</c> copies nothing.
    /// </summary>
    /// <param name="values">The values.</param>
    /// <param name="codebook">The thresholds and levels.</param>
    /// <param name="format">The codes; <see cref="Codebook.NarrowestFormat"/> takes the least memory.</param>
    /// <param name="granularity">Which values share a scale.</param>
    /// <param name="fullScale">
    /// Where the largest magnitude falls in the codebook; <see cref="Codebook.MaxMagnitude"/>, the largest level, where none is given.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A value is not finite, the granularity does not fit a vector, all levels are 0, or the format lacks codes.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fullScale"/> is not finite and above 0.</exception>
    public static CodebookQuantizer FromValues(
        ReadOnlySpan<float> values, Codebook codebook, CodeFormat format, Granularity granularity = default, float? fullScale = null) =>
        FromTensor(new ReadOnlyTensorSpan<float>(values), codebook, format, granularity, fullScale);

    /// <summary>
    /// The quantizer of given ranges, such as an <see cref="ICalibrator"/> finds: <c>scale = max(α, −β) / fullScale</c> for each range [β,
    /// α], and 1 for [0, 0]. Values beyond get the first or the last code.
    /// </summary>
    /// <param name="ranges">A range for each group, in row-major order of <see cref="Granularity.GetParameterShape"/>.</param>
    /// <param name="codebook">The thresholds and levels.</param>
    /// <param name="format">The codes; <see cref="Codebook.NarrowestFormat"/> takes the least memory.</param>
    /// <param name="granularity">Which values share a scale.</param>
    /// <param name="fullScale">
    /// Where the larger magnitude of a range's ends falls in the codebook; <see cref="Codebook.MaxMagnitude"/>, the largest level, where
    /// none is given.
    /// </param>
    /// <exception cref="ArgumentException">
    /// There is no range, per-tensor is given more than one, all levels are 0, or the format lacks codes.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fullScale"/> is not finite and above 0.</exception>
    public static CodebookQuantizer FromRanges(
        ReadOnlySpan<ValueRange> ranges, Codebook codebook, CodeFormat format, Granularity granularity = default, float? fullScale = null)
    {
        ArgumentNullException.ThrowIfNull(codebook);
        if (fullScale is { } given && (!(given > 0) || !float.IsFinite(given)))
        {
            throw new ArgumentOutOfRangeException(nameof(fullScale), given, "The full scale must be finite and above 0.");
        }

        if (codebook.MaxMagnitude == 0)
        {
            throw new ArgumentException("All levels are 0: no scale can fit values to them.", nameof(codebook));
        }

        return new CodebookQuantizer(
            codebook, format, QuantizationParameters.FromMagnitudes(ranges, fullScale ?? codebook.MaxMagnitude), granularity);
    }

    /// <inheritdoc/>
    public unsafe void Quantize(in ReadOnlyTensorSpan<float> source, in TensorSpan<byte> codes)
    {
        RunLayout layout = TensorChecks.Layout(Granularity, Parameters.Count, source.Lengths, nameof(source), mergeBlocks: true);
        TensorChecks.ThrowUnlessCodesFit(Format, layout.Length, codes, nameof(codes));
        using DenseSource<float> dense = new(source);
        fixed (float* values = dense.Elements)
        fixed (byte* bytes = codes)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                values, layout.Length * sizeof(float), bytes, Format.GetByteCount(layout.Length), nameof(codes));
            CodebookMapping.Quantize(values, bytes, layout, Parameters.Scales, Codebook.Cells, Format.StorageBits);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A code has no level.</exception>
    public unsafe void Dequantize(in ReadOnlyTensorSpan<byte> codes, in TensorSpan<float> destination)
    {
        RunLayout layout = TensorChecks.Layout(Granularity, Parameters.Count, destination.Lengths, nameof(destination), mergeBlocks: true);
        TensorChecks.ThrowUnlessCodesFit(Format, layout.Length, codes, nameof(codes));
        using DenseDestination<float> dense = new(destination);
        fixed (byte* bytes = codes)
        fixed (float* values = dense.Elements)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                bytes, Format.GetByteCount(layout.Length), values, layout.Length * sizeof(float), nameof(destination));
            nint invalid = CodebookMapping.IndexOfInvalidCode(bytes, layout.Length, Format.StorageBits, Codebook.Cells.MaxCode);
            if (invalid >= 0)
            {
                throw new ArgumentException($"Code {invalid} is {CodeStorage.Read(Format.Type, bytes, invalid)}; the codebook has levels "
                    + $"for 0 … {Codebook.Cells.MaxCode}.", nameof(codes));
            }

            CodebookMapping.Dequantize(bytes, values, layout, Parameters.Scales, Codebook.Cells, Format.StorageBits);
        }

        dense.Complete();
    }

    /// <inheritdoc/>
    public unsafe void FakeQuantize(in ReadOnlyTensorSpan<float> source, in TensorSpan<float> destination)
    {
        RunLayout layout = TensorChecks.Layout(Granularity, Parameters.Count, source.Lengths, nameof(source), mergeBlocks: true);
        TensorChecks.ThrowUnlessSameShape(source.Lengths, destination.Lengths, nameof(destination));
        using DenseSource<float> denseSource = new(source);
        using DenseDestination<float> denseDestination = new(destination);
        fixed (float* values = denseSource.Elements)
        fixed (float* results = denseDestination.Elements)
        {
            nint bytes = layout.Length * sizeof(float);
            Overlap.ThrowUnlessDisjointOrInPlace(values, bytes, results, bytes, nameof(destination));
            CodebookMapping.FakeQuantize(values, results, layout, Parameters.Scales, Codebook.Cells);
        }

        denseDestination.Complete();
    }
}
