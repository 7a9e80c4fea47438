namespace Quantization.Onnx;

/// <summary>The part of an output that belongs to one sample of a batch, beside the float model's.</summary>
internal sealed class OutputSlice(FloatOutput value, float[] reference, long[] shape, int start, int length)
{
    public ReadOnlySpan<float> Values => value.Values.Slice(start, length);

    public ReadOnlySpan<float> Reference => reference.AsSpan(start, length);

    public ReadOnlySpan<long> Shape => shape;
}
