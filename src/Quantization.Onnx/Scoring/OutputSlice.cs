namespace Quantization.Onnx;

/// <summary>The part of an output that belongs to one sample of a batch, beside the reference model's.</summary>
internal sealed class OutputSlice(ComparedOutput output, long[] shape, int start, int length)
{
    /// <summary>The model's values, row-major.</summary>
    public ReadOnlySpan<float> Values => output.Actual.Slice(start, length);

    /// <summary>The reference model's values, row-major.</summary>
    public ReadOnlySpan<float> Reference => output.Reference.Slice(start, length);

    /// <summary>The shape, the batch axis included.</summary>
    public ReadOnlySpan<long> Shape => shape;
}
