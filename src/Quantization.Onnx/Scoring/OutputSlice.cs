namespace Quantization.Onnx;

/// <summary>The part of an output that belongs to one sample of a batch, beside the reference model's.</summary>
internal sealed class OutputSlice(ComparedOutput output, long[] shape, int start, int length)
{
    public ReadOnlySpan<float> Values => output.Actual.Slice(start, length);

    public ReadOnlySpan<float> Reference => output.Reference.Slice(start, length);

    public ReadOnlySpan<long> Shape => shape;
}
