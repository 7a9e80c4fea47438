using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Rows that are looked up in a table of codes and multiplied by a scale, which is looked up beside them or one for the table: Gather,
/// Cast and Mul. They become a Gather from the float table.
/// </summary>
internal static class LookupForm
{
    /// <summary>Takes a Mul where it is the last node of such a form. Those before it are then read by nobody.</summary>
    public static bool TryAdd(NodeProto node, DequantizedGraph graph)
    {
        if (node.OpType != "Mul" || !Opset.IsOnnx(node.Domain))
        {
            return false;
        }

        for (int i = 0; i < 2; i++)
        {
            if (FindLookup(node.Input[i], graph) is { } lookup && TryAdd(node, lookup, node.Input[1 - i], graph))
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryAdd(NodeProto node, NodeProto lookup, string scale, DequantizedGraph graph)
    {
        TensorProto codes = graph.FindConstant(lookup.Input[0])!;
        string? scales = graph.FindFloat(scale) is not null ? scale
            : graph.Index.FindProducer(scale) is { OpType: "Gather" } beside
                && beside.Input[1] == lookup.Input[1]
                && graph.FindConstant(beside.Input[0]) is { } found
                && found.Dims.SequenceEqual([codes.Dims[0], 1L]) && lookup.GetInt("axis", 0) == 0 ? beside.Input[0]
            : null;
        if (scales is null)
        {
            return false;
        }

        string table = graph.AddTable(lookup.Input[0], scales, () => graph.Dequantize(node, codes, scales, "", 0), codes.Dims);
        NodeProto made = NodeFactory.Make("Gather", [table, graph.NameOf(lookup.Input[1])], node.Output[0]);
        made.Name = lookup.Name;
        made.Attribute.Add(lookup.Attribute.Select(attribute => attribute.Clone()));
        graph.Add(made);
        return true;
    }

    private static NodeProto? FindLookup(string value, DequantizedGraph graph) =>
        graph.Index.FindProducer(value) is { OpType: "Cast" } cast && cast.GetInt("to", 0) == (long)TensorProto.Types.DataType.Float
        && graph.Index.FindProducer(cast.Input[0]) is { OpType: "Gather" } lookup && graph.FindConstant(lookup.Input[0]) is { } codes
        && codes.DataType == (int)TensorProto.Types.DataType.Int8 && codes.Dims.Count == 2
            ? lookup
            : null;
}
