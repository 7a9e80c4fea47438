using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A value whose columns can be scaled, because the weights of those that multiply it can be scaled back.</summary>
/// <param name="Value">The value.</param>
/// <param name="Columns">The length of its last axis.</param>
/// <param name="Readers">The MatMul and Gemm nodes that multiply it by constant weights.</param>
internal sealed record ScalableInput(string Value, int Columns, IReadOnlyList<NodeProto> Readers)
{
    /// <summary>
    /// The constants of the nodes before it that take the scale, with the axis of the columns; empty where the value is divided by a
    /// node of its own.
    /// </summary>
    public IReadOnlyList<(NodeProto Node, int Input, int Axis)> Constants { get; init; } = [];

    /// <summary>The other values that change with it.</summary>
    public IReadOnlyList<string> Between { get; init; } = [];

    /// <summary>Whether what makes the value can take the scale, so that it costs nothing at run time.</summary>
    public bool IsFolded => Constants.Count > 0;

    /// <summary>What the readers read then.</summary>
    public string ScaledValue => IsFolded ? Value : $"{Value}/scaled";

    /// <summary>The axis of a reader's weights that belongs to the columns.</summary>
    public static int AxisOf(NodeProto reader) => reader.OpType == "Gemm" && reader.GetInt("transB", 0) != 0 ? 1 : 0;
}
