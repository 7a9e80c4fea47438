namespace Quantization.Kernels;

/// <summary>What the kernels need to know of a uniform mapping: steps, codes of real 0 and the interval that codes saturate to.</summary>
internal sealed class UniformParameters
{
    public UniformParameters(ReadOnlySpan<float> scales, ReadOnlySpan<int> zeroPoints, CodeFormat format)
    {
        Scales = scales.ToArray();
        ZeroPoints = zeroPoints.ToArray();
        Format = format;
    }

    public float[] Scales { get; }

    public int[] ZeroPoints { get; }

    public CodeFormat Format { get; }
}
