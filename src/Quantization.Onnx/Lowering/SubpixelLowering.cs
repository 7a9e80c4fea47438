using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// ConvTranspose as the Conv that computes its phases as channels, which are moved beside each other as codes; see
/// <see cref="SubpixelConvolution"/>.
/// </summary>
internal sealed class SubpixelLowering(WeightRounding rounding) : ILowering
{
    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) =>
        planned is { Facts.Weight.Subpixel: not null, Plan.Weights: not null } && planned.Plan.InputAt(0) is not null;

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        WeightSlot slot = planned.Facts.Weight!;
        SubpixelConvolution form = slot.Subpixel!;
        QuantizedWeight weight = rounding.Round(planned);
        int? axis = weight.Axis is null ? null : 0;
        TensorProto phases = form.Rearrange(weight.Codes);
        string scales = graph.AddScales(axis is null ? weight.Scales : form.Repeat(weight.Scales), axis);
        node.Input[WeightSlot.WeightInput] = graph.AddDequantize([graph.AddConstant(phases), scales], axis);
        if (slot.Bias is not null)
        {
            float[] bias = form.Repeat(slot.Bias.ReadFloats());
            node.Input[WeightSlot.BiasInput] = graph.AddConstant(
                TensorData.Make<float>(TensorProto.Types.DataType.Float, bias, [bias.Length]));
        }

        node.OpType = "Conv";
        node.Attribute.Clear();
        node.Attribute.Add(NodeFactory.Ints("pads", form.Pads));
        graph.MoveCodes(planned.Facts.Output, graph.CodesOf(node.Input[0]).Codes, form.Moves(slot.Channels));
        if (planned.Facts.Last != planned.Facts.Node)
        {
            // What goes from the Conv to its Relu has another shape than the model says of the value.
            node.Output[0] = graph.NewName();
            graph.Rename(planned.Facts.Node.Output[0], node.Output[0]);
        }

        return node;
    }
}
