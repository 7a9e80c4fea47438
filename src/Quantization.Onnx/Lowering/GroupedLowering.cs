using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// A Conv of several groups as one that the runtime computes fast on integers: with channels repeated as codes, or with groups merged; see
/// <see cref="GroupedConvolution"/>. The result is the same code for code.
/// </summary>
internal sealed class GroupedLowering(WeightRounding rounding) : ILowering
{
    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) => planned is { Facts.Weight.Grouped: not null, Plan.Weights: not null }
        && planned.Plan.InputAt(0) is { Range: FixedParameters };

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        WeightSlot slot = planned.Facts.Weight!;
        GroupedConvolution form = slot.Grouped!;
        QuantizedWeight weight = rounding.Round(planned);
        node.Input[WeightSlot.WeightInput] = graph.AddDequantize(
            [graph.AddConstant(form.Widen(weight.Codes)), graph.AddScales(weight.Scales, weight.Axis)], weight.Axis);
        if (slot.Bias is not null)
        {
            node.Input[WeightSlot.BiasInput] = graph.AddConstant(
                TensorData.Make<float>(TensorProto.Types.DataType.Float, slot.Bias.ReadFloats(), slot.Bias.Dims));
        }

        node.Attribute.First(attribute => attribute.Name == "group").I = form.Groups;
        if (form.Channels is { } channels)
        {
            node.Input[0] = graph.AddChannels(node.Input[0], channels);
        }

        return node;
    }
}
