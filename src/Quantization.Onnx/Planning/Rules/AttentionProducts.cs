using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Recognizes the two products of attention, whose operands are both computed: the scores of queries and keys, which go into a Softmax,
/// and the mean of the values, which comes out of it.
/// </summary>
internal static class AttentionProducts
{
    /// <summary>More operators do not lie between a product and its Softmax.</summary>
    private const int MaxSteps = 8;

    /// <summary>The operators between a product and its Softmax: they scale, mask and move.</summary>
    private static readonly FrozenSet<string> Between = FrozenSet.Create(
        "Add", "Cast", "Clip", "Div", "Dropout", "Expand", "Identity", "Max", "Mul", "Reshape", "Squeeze", "Sub", "Tanh", "Transpose",
        "Unsqueeze", "Where");

    /// <summary>What reasons call the product before a colon, such as <c>scores of attention: </c>; empty where it is none.</summary>
    /// <param name="node">A MatMul of two computed values.</param>
    /// <param name="graph">The graph around it.</param>
    public static string Describe(NodeProto node, GraphIndex graph) => node.OpType != "MatMul" ? ""
        : Reaches(node, each => each.Output.Take(1).SelectMany(graph.Consumers)) ? "scores of attention: "
        : Reaches(
            node, each => each.Input.Take(each == node || each.OpType != "Where" ? 1 : 3).Select(graph.FindProducer).OfType<NodeProto>())
            ? "mean of the values of attention: "
        : "";

    private static bool Reaches(NodeProto start, Func<NodeProto, IEnumerable<NodeProto>> next)
    {
        NodeProto[] front = [start];
        for (int i = 0; i < MaxSteps && front.Length > 0; i++)
        {
            NodeProto[] found = [.. front.SelectMany(next).Where(node => Opset.IsOnnx(node.Domain)).Distinct()];
            if (Array.Exists(found, node => node.OpType == "Softmax"))
            {
                return true;
            }

            front = Array.FindAll(found, node => Between.Contains(node.OpType));
        }

        return false;
    }
}
