using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Gemm with a transposed matrix of codes and a float input, as Gemm with the matrix itself: ONNX Runtime multiplies by the codes only
/// where the rows of the matrix are the inputs, and would else turn them into floats at every run.
/// </summary>
internal sealed class TransposedWeightLowering(WeightRounding rounding, MatrixCodes matrices) : ILowering
{
    private const string TransposedAttribute = "transB";

    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) =>
        planned.Facts is { Role: NodeRole.Weighted, Node.OpType: "Gemm" } && planned.Facts.Node.GetInt(TransposedAttribute, 0) != 0
            && planned.Plan.Weights is { Format.StorageBits: 8 } && planned.Plan.InputAt(0) is null;

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        QuantizedWeight weight = rounding.Round(planned);
        int? axis = weight.Axis is null ? null : 1;
        string codes = matrices.Add(MatrixCodes.Transpose(weight.Codes), graph);
        node.Input[WeightSlot.WeightInput] = graph.AddDequantize(
            [codes, graph.AddScales(weight.Scales, axis), graph.AddZeroPoints(weight, axis)], axis);
        if (!planned.Plan.BiasCorrection.IsEmpty)
        {
            WeightLowering.SetBias(node, WeightLowering.AddBias(planned.FindBias()!, planned, graph));
        }

        node.Attribute.Remove(node.Attribute.First(attribute => attribute.Name == TransposedAttribute));
        return node;
    }
}
