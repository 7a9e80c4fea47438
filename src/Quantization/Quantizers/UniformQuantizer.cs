using System.Numerics.Tensors;
using Quantization.Kernels;

namespace Quantization;

/// <summary>
/// What affine and symmetric quantizers share: <c>code = saturate(roundHalfToEven(value / scale) + zeroPoint)</c> and
/// <c>value = (code − zeroPoint) · scale</c>, as ONNX QuantizeLinear and DequantizeLinear, with the quotient rounded to float first. NaN
/// gets the zero-point's code, ±∞ saturate.
/// </summary>
public abstract class UniformQuantizer : IQuantizer
{
    private readonly ParameterTable _table;

    private protected UniformQuantizer(CodeFormat format, QuantizationParameters parameters, Granularity granularity)
    {
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(parameters);
        if (format.StorageBits < 4)
        {
            throw new ArgumentException(
                $"{format} stores the codes of codebooks; uniform quantizers store 4 bits or more, for example {CodeFormat.Unsigned(2)}.",
                nameof(format));
        }

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
        _table = new ParameterTable(parameters.Scales, parameters.ZeroPoints, format);
    }

    /// <inheritdoc/>
    public CodeFormat Format { get; }

    /// <inheritdoc/>
    public Granularity Granularity { get; }

    /// <inheritdoc/>
    public QuantizationParameters Parameters { get; }

    /// <summary>
    /// The largest number of threads that share a tensor; 1 unless set. Small tensors stay on the calling thread, and calls on one thread
    /// allocate nothing.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public int MaxDegreeOfParallelism
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 1;

    /// <inheritdoc/>
    public void Quantize(in ReadOnlyTensorSpan<float> source, in TensorSpan<byte> codes) => QuantizeValues(source, codes);

    /// <inheritdoc/>
    public unsafe void Dequantize(in ReadOnlyTensorSpan<byte> codes, in TensorSpan<float> destination)
    {
        RunLayout layout = LayoutOf(destination.Lengths, nameof(destination));
        TensorChecks.ThrowUnlessCodesFit(Format, layout.Length, codes, nameof(codes));
        using DenseDestination<float> dense = new(destination);
        fixed (byte* bytes = codes)
        fixed (float* values = dense.Elements)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                bytes, Format.GetByteCount(layout.Length), values, layout.Length * sizeof(float), nameof(destination));
            if (ParallelRanges.AreWorthwhile(layout.Length, MaxDegreeOfParallelism))
            {
                DequantizeInParallel(bytes, values, layout);
            }
            else
            {
                UniformKernels.Dequantize(bytes, values, layout, 0, layout.Length, _table);
            }
        }

        dense.Complete();
    }

    /// <inheritdoc/>
    public unsafe void FakeQuantize(in ReadOnlyTensorSpan<float> source, in TensorSpan<float> destination)
    {
        RunLayout layout = LayoutOf(source.Lengths, nameof(source));
        TensorChecks.ThrowUnlessSameShape(source.Lengths, destination.Lengths, nameof(destination));
        using DenseSource<float> denseSource = new(source);
        using DenseDestination<float> denseDestination = new(destination);
        fixed (float* values = denseSource.Elements)
        fixed (float* results = denseDestination.Elements)
        {
            nint bytes = layout.Length * sizeof(float);
            Overlap.ThrowUnlessDisjointOrInPlace(values, bytes, results, bytes, nameof(destination));
            if (ParallelRanges.AreWorthwhile(layout.Length, MaxDegreeOfParallelism))
            {
                FakeQuantizeInParallel(values, results, layout);
            }
            else
            {
                UniformKernels.FakeQuantize(values, results, layout, 0, layout.Length, _table);
            }
        }

        denseDestination.Complete();
    }

    internal unsafe void QuantizeValues<TValue>(in ReadOnlyTensorSpan<TValue> source, in TensorSpan<byte> codes)
        where TValue : unmanaged
    {
        RunLayout layout = LayoutOf(source.Lengths, nameof(source));
        TensorChecks.ThrowUnlessCodesFit(Format, layout.Length, codes, nameof(codes));
        using DenseSource<TValue> dense = new(source);
        fixed (TValue* values = dense.Elements)
        fixed (byte* bytes = codes)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                values, layout.Length * sizeof(TValue), bytes, Format.GetByteCount(layout.Length), nameof(codes));

            // In place, codes would overwrite values that another thread has still to read.
            if (values != (void*)bytes && ParallelRanges.AreWorthwhile(layout.Length, MaxDegreeOfParallelism))
            {
                QuantizeInParallel(values, bytes, layout);
            }
            else
            {
                UniformKernels.Quantize(values, bytes, layout, 0, layout.Length, _table);
            }
        }
    }

    /// <summary>
    /// Values that are multiplied by powers of two first go run by run; and whether 32-bit codes can be vectorized is decided for each run.
    /// </summary>
    private RunLayout LayoutOf(ReadOnlySpan<nint> shape, string parameterName) => TensorChecks.Layout(
        Granularity, Parameters.Count, shape, parameterName, mergeBlocks: !_table.NeedsPrescale, mergeRows: !_table.NeedsPrescale
            && Format.Type != CodeType.Int32);

    private unsafe void QuantizeInParallel<TValue>(TValue* values, byte* codes, RunLayout layout)
        where TValue : unmanaged =>
        ParallelRanges.For(
            layout.Length, MaxDegreeOfParallelism, (from, to) => UniformKernels.Quantize(values, codes, layout, from, to, _table));

    private unsafe void DequantizeInParallel(byte* codes, float* values, RunLayout layout) =>
        ParallelRanges.For(
            layout.Length, MaxDegreeOfParallelism, (from, to) => UniformKernels.Dequantize(codes, values, layout, from, to, _table));

    private unsafe void FakeQuantizeInParallel(float* values, float* results, RunLayout layout) =>
        ParallelRanges.For(
            layout.Length, MaxDegreeOfParallelism, (from, to) => UniformKernels.FakeQuantize(values, results, layout, from, to, _table));
}
