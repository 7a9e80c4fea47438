using System.Numerics.Tensors;
using Quantization.Kernels;

namespace Quantization;

/// <summary>
/// What affine and symmetric quantizers share: <c>code = saturate(roundHalfToEven(value / scale) + zeroPoint)</c> and <c>value = (code − zeroPoint) · scale</c>, as ONNX QuantizeLinear and DequantizeLinear,
/// with the quotient rounded to float first. NaN gets the zero-point's code, ±∞ saturate.
/// </summary>
public abstract class UniformQuantizer : IQuantizer
{
    private readonly UniformParameters _kernelParameters;

    private protected UniformQuantizer(CodeFormat format, QuantizationParameters parameters, Granularity granularity)
    {
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(parameters);
        for (int i = 0; i < parameters.Count; i++)
        {
            int zeroPoint = parameters.ZeroPoints[i];
            if (zeroPoint < format.MinCode || zeroPoint > format.MaxCode)
            {
                throw new ArgumentException($"Zero-point {i} is {zeroPoint}, not a code of {format}.", nameof(parameters));
            }
        }

        if (granularity.Kind == GranularityKind.PerTensor && parameters.Count != 1)
        {
            throw new ArgumentException($"Per-tensor takes one scale; there are {parameters.Count}.", nameof(parameters));
        }

        Format = format;
        Parameters = parameters;
        Granularity = granularity;
        _kernelParameters = new UniformParameters(parameters.Scales, parameters.ZeroPoints, format);
    }

    /// <inheritdoc/>
    public CodeFormat Format { get; }

    /// <inheritdoc/>
    public Granularity Granularity { get; }

    /// <inheritdoc/>
    public QuantizationParameters Parameters { get; }

    /// <inheritdoc/>
    public unsafe void Quantize(in ReadOnlyTensorSpan<float> source, in TensorSpan<byte> codes)
    {
        RunLayout layout = TensorChecks.Layout(Granularity, Parameters.Count, source.Lengths, nameof(source));
        TensorChecks.ThrowUnlessCodesFit(Format, layout.Length, codes, nameof(codes));
        using DenseSource<float> dense = new(source);
        fixed (float* values = dense.Elements)
        fixed (byte* bytes = codes)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(values, layout.Length * sizeof(float), bytes, Format.GetByteCount(layout.Length), nameof(codes));
            for (nint run = 0; run < layout.RunCount; run++)
            {
                UniformKernels.Quantize(values, bytes, layout.GetRun(run), layout.ParameterPerElement, _kernelParameters);
            }
        }
    }

    /// <inheritdoc/>
    public unsafe void Dequantize(in ReadOnlyTensorSpan<byte> codes, in TensorSpan<float> destination)
    {
        RunLayout layout = TensorChecks.Layout(Granularity, Parameters.Count, destination.Lengths, nameof(destination));
        TensorChecks.ThrowUnlessCodesFit(Format, layout.Length, codes, nameof(codes));
        using DenseDestination<float> dense = new(destination);
        fixed (byte* bytes = codes)
        fixed (float* values = dense.Elements)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(bytes, Format.GetByteCount(layout.Length), values, layout.Length * sizeof(float), nameof(destination));
            for (nint run = 0; run < layout.RunCount; run++)
            {
                UniformKernels.Dequantize(bytes, values, layout.GetRun(run), layout.ParameterPerElement, _kernelParameters);
            }
        }

        dense.Complete();
    }

    /// <inheritdoc/>
    public unsafe void FakeQuantize(in ReadOnlyTensorSpan<float> source, in TensorSpan<float> destination)
    {
        RunLayout layout = TensorChecks.Layout(Granularity, Parameters.Count, source.Lengths, nameof(source));
        TensorChecks.ThrowUnlessSameShape(source.Lengths, destination.Lengths, nameof(destination));
        using DenseSource<float> denseSource = new(source);
        using DenseDestination<float> denseDestination = new(destination);
        fixed (float* values = denseSource.Elements)
        fixed (float* results = denseDestination.Elements)
        {
            nint bytes = layout.Length * sizeof(float);
            Overlap.ThrowUnlessDisjointOrInPlace(values, bytes, results, bytes, nameof(destination));
            for (nint run = 0; run < layout.RunCount; run++)
            {
                UniformKernels.FakeQuantize(values, results, layout.GetRun(run), layout.ParameterPerElement, _kernelParameters);
            }
        }

        denseDestination.Complete();
    }
}
