using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>How large weights are.</summary>
internal static class WeightMagnitudes
{
    /// <summary>The largest magnitude at each index of an axis.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="axis">The axis.</param>
    public static float[] OfAxis(TensorProto weights, int axis)
    {
        float[] values = weights.ReadFloats(), largest = new float[weights.Dims[axis]];
        long inner = weights.StrideOf(axis);
        for (int i = 0; i < values.Length; i++)
        {
            long index = i / inner % largest.Length;
            largest[index] = MathF.Max(largest[index], MathF.Abs(values[i]));
        }

        return largest;
    }
}
