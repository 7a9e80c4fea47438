using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Finds the tables that Gather looks rows up in, such as the embeddings of tokens and positions.</summary>
internal static class EmbeddingTable
{
    /// <summary>Codes in the place of smaller tables save so little that the operators that turn them into floats weigh more.</summary>
    private const int MinValues = 1 << 12;

    /// <summary>
    /// Narrower rows are coordinates or classes rather than embeddings: what follows relies on them exactly, and a scale for each would
    /// weigh as much as its codes.
    /// </summary>
    private const int MinWidth = 8;

    private const int TableInput = 0, IndexInput = 1, RowAxis = 0;

    /// <summary>Finds the table of a Gather whose indices are computed.</summary>
    /// <param name="node">A node.</param>
    /// <param name="graph">The graph around it.</param>
    /// <param name="target">What the node will run on.</param>
    /// <param name="reason">Why the table stays in float where the node looks rows of one up; otherwise null.</param>
    /// <returns>The table, each of its rows a channel; null where there is none, or where it stays in float.</returns>
    public static WeightSlot? Find(NodeProto node, GraphIndex graph, Target target, out string? reason)
    {
        reason = null;
        if (!IsLookup(node, graph))
        {
            return null;
        }

        string name = node.Input[TableInput];
        TensorProto table = graph.FindConstant(name)!;
        reason = !target.TakesTablesOfCodes ? "the runtimes that compile the graph share no form for tables of codes"
            : graph.IsOuterConstant(name) ? "its table lies outside of the branch or loop that reads it"
            : RotaryPattern.TakesAngles(node, graph) ? "its table holds the sines and cosines of rotary embeddings, which need finer steps"
            : graph.IsVisibleOutside(name) || graph.Consumers(name).Any(reader => !TakesCodes(reader, table, graph, target))
                ? "its table is read in float too, and would be stored twice"
            : null;
        return reason is null ? new WeightSlot(table, RowAxis, null, false) { Input = TableInput } : null;
    }

    private static bool TakesCodes(NodeProto reader, TensorProto table, GraphIndex graph, Target target) =>
        IsLookup(reader, graph) || (WeightSlot.Find(reader, graph, target, out _) is { } slot
            && ReferenceEquals(slot.Weight, table)
            && reader.Input.Count(input => input == reader.Input[slot.Input]) == 1);

    private static bool IsLookup(NodeProto node, GraphIndex graph) =>
        node.OpType == "Gather" && Opset.IsOnnx(node.Domain) && graph.FindConstant(node.Input[IndexInput]) is null
        && graph.FindConstant(node.Input[TableInput]) is { } table && table.IsFloat() && table.Dims is [_, >= MinWidth]
        && table.CountElements() >= MinValues
        && node.GetInt("axis", RowAxis) is RowAxis or (RowAxis - 2);
}
