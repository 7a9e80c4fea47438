namespace Quantization.Onnx;

/// <summary>
/// The model finds the range itself, at each run, from the values that it meets: the smallest and the largest of them, and 0. For inputs of
/// layers with weights as codes; the codes are uint8, affine, one scale for the tensor.
/// No sample is needed.
/// </summary>
public sealed record DynamicRange : RangeRule
{
    /// <inheritdoc />
    public override string Describe() => "found at run time";
}
