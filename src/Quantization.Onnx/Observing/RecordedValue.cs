namespace Quantization.Onnx;

/// <summary>A value of 32-bit floats as a sample makes it.</summary>
/// <param name="Values">The elements.</param>
/// <param name="Shape">The shape.</param>
internal sealed record RecordedValue(float[] Values, long[] Shape)
{
    /// <summary>The bytes that it takes.</summary>
    public long Bytes => sizeof(float) * (long)Values.Length;

    /// <summary>The rows: the elements that one index of the last axis has.</summary>
    public long Rows => Shape[..^1].Aggregate(1L, (product, length) => product * length);

    /// <summary>The value with each channel, on the last axis, multiplied by a factor of its own.</summary>
    public RecordedValue Scale(ReadOnlySpan<float> factors)
    {
        float[] scaled = new float[Values.Length];
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = Values[i] * factors[i % factors.Length];
        }

        return this with { Values = scaled };
    }
}
