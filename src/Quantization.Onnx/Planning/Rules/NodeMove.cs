namespace Quantization.Onnx;

/// <summary>An operator that only moves values, of any type.</summary>
/// <param name="OperatorType">Reshape, Slice or Transpose.</param>
/// <param name="Permutation">The order of the axes that Transpose makes; null for the others.</param>
/// <param name="Constants">The constants behind the first input: Reshape's shape; Slice's starts, ends and axes.</param>
internal sealed record NodeMove(string OperatorType, long[]? Permutation, long[][] Constants)
{
    /// <summary>
    /// The length of Reshape's result, by its axis, to which as many times one of the operator's input is added at run time; null where
    /// every length is constant or kept.
    /// </summary>
    public (int Axis, int InputAxis, long Times)? Growth { get; init; }

    /// <summary>
    /// A Reshape with one length that depends on the operator's input: so many times the input's, plus what the shape says.
    /// </summary>
    public static NodeMove ReshapeGrowing(int axis, int inputAxis, long times, params long[] shape) =>
        new("Reshape", null, [shape]) { Growth = (axis, inputAxis, times) };

    public static NodeMove Slice(long[] starts, long[] ends, long[] axes) => new("Slice", null, [starts, ends, axes]);

    public static NodeMove Transpose(params long[] permutation) => new("Transpose", permutation, []);
}
