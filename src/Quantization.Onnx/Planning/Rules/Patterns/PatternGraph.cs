using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A graph as patterns look at it: constants are told from computed values, and chains of nodes are followed.</summary>
/// <param name="graph">The graph.</param>
internal sealed class PatternGraph(GraphIndex graph)
{
    /// <summary>The graph.</summary>
    public GraphIndex Graph => graph;

    /// <summary>Whether a value is stored.</summary>
    public bool IsConstant(string value) => graph.FindConstant(value) is not null;

    /// <summary>Whether a value is one stored number.</summary>
    public bool IsNumber(string value) => graph.FindConstant(value) is { } tensor && tensor.CountElements() == 1;

    /// <summary>The node that makes a value by one of the operators; null where another one does.</summary>
    public NodeProto? MakerOf(string value, params ReadOnlySpan<string> operators) =>
        graph.FindProducer(value) is { } node && Opset.IsOnnx(node.Domain) && operators.Contains(node.OpType) ? node : null;

    /// <summary>The only node that reads a node's first result, if it is of one of the operators; null otherwise.</summary>
    public NodeProto? ReaderOf(NodeProto node, params ReadOnlySpan<string> operators) =>
        !graph.IsVisibleOutside(node.Output[0]) && graph.Consumers(node.Output[0]) is [{ } reader] && Opset.IsOnnx(reader.Domain)
            && operators.Contains(reader.OpType) ? reader : null;

    /// <summary>The other operand of a node with two.</summary>
    public static string? OtherOf(NodeProto node, string value) =>
        node.Input.Count != 2 || node.Input[0] == node.Input[1] ? null
        : node.Input[0] == value ? node.Input[1] : node.Input[1] == value ? node.Input[0] : null;

    /// <summary>The computed operand of a node that combines a value with a constant; null for other nodes.</summary>
    public string? ComputedOf(NodeProto node) => node.Input.Count != 2 || IsConstant(node.Input[0]) == IsConstant(node.Input[1]) ? null
        : IsConstant(node.Input[0]) ? node.Input[1] : node.Input[0];

    /// <summary>
    /// The nodes that make a value from another one, with constants, by sums, products and powers alone. The first one comes first.
    /// </summary>
    /// <param name="value">The value that is made.</param>
    /// <param name="source">The value that it is made from.</param>
    /// <param name="most">How many nodes there may be.</param>
    /// <returns>Null where more goes into the value than that.</returns>
    public List<NodeProto>? Between(string value, string source, int most)
    {
        List<NodeProto> found = [];
        return Add(value) && found.Count > 0 ? found : null;

        bool Add(string each)
        {
            if (each == source || IsConstant(each))
            {
                return true;
            }

            if (MakerOf(each, "Add", "Sub", "Mul", "Div", "Pow") is not { } node)
            {
                return false;
            }

            if (!found.Contains(node))
            {
                if (found.Count == most || !node.Input.All(Add))
                {
                    return false;
                }

                found.Add(node);
            }

            return true;
        }
    }

    /// <summary>The value behind nodes that only move or convert it.</summary>
    /// <param name="value">The value.</param>
    /// <param name="passed">Gets the nodes.</param>
    public string Behind(string value, ICollection<NodeProto> passed)
    {
        while (MakerOf(value, "Cast", "Expand", "Gather", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze")
            is { } node)
        {
            passed.Add(node);
            value = node.Input[0];
        }

        return value;
    }
}
