using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>MatMul and Gemm behind a DequantizeLinear in blocks.</summary>
internal sealed class BlockDequantizeLowering(BlockConstants constants) : ILowering
{
    private const string TransposedAttribute = "transB";

    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) =>
        planned is { Facts.Role: NodeRole.Weighted, Plan.Weights.Blocks.Form: BlockForm.DequantizeLinear };

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        (BlockShape shape, string codes, string scales, string? zeroPoints) = constants.Add(planned, graph);

        // One DequantizeLinear for each reader: ONNX Runtime joins it with one product alone.
        NodeProto dequantize = NodeFactory.Make("DequantizeLinear", zeroPoints is null ? [codes, scales]
            : [codes, scales, zeroPoints], graph.NewName());
        dequantize.Attribute.Add(NodeFactory.Int("axis", 0));
        dequantize.Attribute.Add(NodeFactory.Int("block_size", shape.Size));
        graph.Add(dequantize);
        node.Input[WeightSlot.WeightInput] = dequantize.Output[0];
        if (node.Attribute.FirstOrDefault(attribute => attribute.Name == TransposedAttribute) is { } transposed)
        {
            node.Attribute.Remove(transposed);
        }

        return node;
    }
}
