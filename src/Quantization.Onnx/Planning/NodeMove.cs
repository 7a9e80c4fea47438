namespace Quantization.Onnx;

/// <summary>An operator that only moves values, of whatever type they are.</summary>
/// <param name="OperatorType">Reshape, Slice or Transpose.</param>
/// <param name="Permutation">The order of the axes that Transpose makes; null for the others.</param>
/// <param name="Constants">The constants behind the first input: Reshape's shape; Slice's starts, ends and axes.</param>
internal sealed record NodeMove(string OperatorType, long[]? Permutation, long[][] Constants)
{
    public static NodeMove Reshape(params long[] shape) => new("Reshape", null, [shape]);

    public static NodeMove Slice(long[] starts, long[] ends, long[] axes) => new("Slice", null, [starts, ends, axes]);

    public static NodeMove Transpose(params long[] permutation) => new("Transpose", permutation, []);
}
