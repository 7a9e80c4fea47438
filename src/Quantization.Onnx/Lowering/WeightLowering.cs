using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Conv, Gemm and MatMul with constant weights, and ConvTranspose where the runtime has an integer form of it: a DequantizeLinear behind the weights' codes, and the bias in float or as int32 codes.</summary>
internal sealed class WeightLowering(WeightRounding rounding, MatrixCodes matrices) : ILowering
{
    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) => planned is { Facts.Weight: not null, Plan.Weights: not null };

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        WeightSlot slot = planned.Facts.Weight!;
        QuantizedWeight weight = rounding.Round(planned);
        node.Input[WeightSlot.WeightInput] = AddWeight(weight, node.OpType == "Gemm", graph);
        if (slot.Bias is not null)
        {
            node.Input[WeightSlot.BiasInput] = slot.BiasNeedsCodes && planned.InputScale is { } inputScale && !graph.IsMadeFromCodes(planned.Facts.Output)
                ? BiasCodes.Add(slot.Bias.ReadFloats(), weight, inputScale, graph)
                : graph.AddConstant(TensorData.Make<float>(TensorProto.Types.DataType.Float, slot.Bias.ReadFloats(), slot.Bias.Dims));
        }

        return node;
    }

    /// <summary>Adds the codes of weights and what turns them back.</summary>
    /// <param name="weight">The weights.</param>
    /// <param name="hasZeroPoint">Whether the zero-point is written, though it is 0: ONNX Runtime's integer Gemm wants to see it, Conv and MatMul do without.</param>
    /// <param name="graph">The model to write to.</param>
    private string AddWeight(QuantizedWeight weight, bool hasZeroPoint, QdqGraph graph)
    {
        string scales = graph.AddScales(weight.Scales, weight.Axis);
        List<string> inputs = [matrices.Add(weight.Codes, graph), scales];
        if (hasZeroPoint)
        {
            inputs.Add(graph.AddZeroPoints(weight, weight.Axis));
        }

        return graph.AddDequantize(inputs, weight.Axis);
    }
}
