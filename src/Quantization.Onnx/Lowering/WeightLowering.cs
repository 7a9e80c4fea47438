using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Conv, Gemm and MatMul with constant weights, and ConvTranspose where the runtime has an integer form of it: a DequantizeLinear behind
/// the weights' codes, and the bias in float or as int32 codes.
/// </summary>
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
        if (planned.FindBias() is { } bias)
        {
            SetBias(node, slot.BiasNeedsCodes && planned.InputScale is { } inputScale && !graph.IsMadeFromCodes(planned.Facts.Output)
                ? BiasCodes.Add(bias, weight, inputScale, graph)
                : AddBias(bias, planned, graph));
        }

        return node;
    }

    /// <summary>Adds a bias in float; its name.</summary>
    public static string AddBias(float[] bias, PlannedNode planned, QdqGraph graph) =>
        graph.AddConstant(
            TensorData.Make<float>(TensorProto.Types.DataType.Float, bias, planned.Facts.Weight!.Bias?.Dims ?? [bias.Length]));

    /// <summary>Gives a node a bias, whether it has one or not.</summary>
    public static void SetBias(NodeProto node, string bias)
    {
        if (node.Input.Count > WeightSlot.BiasInput)
        {
            node.Input[WeightSlot.BiasInput] = bias;
        }
        else
        {
            node.Input.Add(bias);
        }
    }

    /// <summary>Adds the codes of weights and what turns them back.</summary>
    /// <param name="weight">The weights.</param>
    /// <param name="hasZeroPoint">
    /// Whether the zero-point is written, though it is 0: ONNX Runtime's integer Gemm wants to see it, Conv and MatMul do without.
    /// </param>
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
