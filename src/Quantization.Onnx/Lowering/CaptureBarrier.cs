using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Keeps ONNX Runtime from aborting on values that branches and loops capture. It moves a DequantizeLinear past operators that only move
/// values, by putting a pair behind them; where a graph inside a node captures the result, it writes past the end of that node's inputs,
/// and the process dies (seen with 1.31.1). An operator in between stops the move: Sum of one value, which no optimization removes.
/// </summary>
internal static class CaptureBarrier
{
    /// <summary>
    /// Finds the values that need the operator. Where a QuantizeLinear reads a value too, ONNX Runtime leaves the value alone.
    /// </summary>
    /// <param name="graph">The float graph, its nodes in the order in which they run.</param>
    /// <param name="madeFromCodes">The values that come out of a DequantizeLinear.</param>
    /// <param name="planned">The nodes that are quantized.</param>
    public static HashSet<string> Find(
        GraphIndex graph, IReadOnlySet<string> madeFromCodes, IReadOnlyDictionary<NodeProto, PlannedNode> planned)
    {
        HashSet<string> codes = [.. madeFromCodes], moved = [], guarded = [];
        foreach (NodeProto node
            in graph.Graph.Node.Where(node => Opset.IsOnnx(node.Domain) && node.Input.Count > 0 && !planned.ContainsKey(node)))
        {
            string result = node.Output[0];
            bool isMover = IsMover(node), isRemoved = !isMover && IsRemoved(node, graph);
            if (isRemoved && node.Input.Any(codes.Contains))
            {
                codes.Add(result);
            }
            else if ((isMover && (codes.Contains(node.Input[0]) || moved.Contains(node.Input[0])))
                || (isRemoved && node.Input.Any(moved.Contains)))
            {
                if (!graph.Consumers(result).Any(reader => planned.TryGetValue(reader, out PlannedNode? each) && each.ReadsCodes(result)))
                {
                    _ = graph.IsCaptured(result) ? guarded.Add(result) : moved.Add(result);
                }
            }
        }

        return guarded;
    }

    /// <summary>The operators that ONNX Runtime moves a DequantizeLinear past.</summary>
    private static bool IsMover(NodeProto node) =>
        node.OpType is "MaxPool" or "Reshape" or "Slice" or "Squeeze" or "Transpose" or "Unsqueeze";

    /// <summary>
    /// Whether a node does nothing, so that ONNX Runtime takes it out. A model that could not be cleaned has such nodes still.
    /// </summary>
    private static bool IsRemoved(NodeProto node, GraphIndex graph) => node.OpType switch
    {
        "Identity" or "Dropout" => true,
        "Cast" => node.GetInt("to", 0) == (long)TensorProto.Types.DataType.Float,
        "Expand" => graph.FindConstant(node.Input[1]) is not null, // to the shape that the value has, perhaps
        "Add" or "Sub" => HasConstant(node, graph, 0),
        "Mul" or "Div" => HasConstant(node, graph, 1),
        _ => false,
    };

    private static bool HasConstant(NodeProto node, GraphIndex graph, float value) =>
        node.Input.Any(input => graph.FindConstant(input) is { } tensor
            && tensor.IsFloat()
            && Array.TrueForAll(tensor.ReadFloats(), each => each == value));
}
