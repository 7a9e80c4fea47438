using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Gather from a table in blocks, as GatherBlockQuantized. A product with the same table shares its codes.</summary>
internal sealed class BlockTableLowering(BlockConstants constants) : ILowering
{
    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) =>
        planned is { Facts.Role: NodeRole.TableLookup, Plan.Weights.Blocks.Form: BlockForm.MatMulNBits };

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        (BlockShape shape, string codes, string scales, string? zeroPoints) = constants.Add(planned, graph);
        string table = constants.AsTable(shape, codes, graph), rows = node.Input[1];
        graph.Import(BlockProductLowering.Domain);
        NodeProto lookup = NodeFactory.Make("GatherBlockQuantized", zeroPoints is null ? [table, rows, scales]
            : [table, rows, scales, zeroPoints], node.Output[0]);
        lookup.Domain = BlockProductLowering.Domain;
        lookup.Name = node.Name;
        foreach ((string name, long value) in (ReadOnlySpan<(string, long)>)[("gather_axis", 0), ("quantize_axis", 1), ("block_size",
            shape.Size), ("bits", shape.Bits)])
        {
            lookup.Attribute.Add(NodeFactory.Int(name, value));
        }

        return lookup;
    }
}
