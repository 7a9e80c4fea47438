using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Asks the rules of weights as codes beside float activations what each node of a graph can do.</summary>
internal static class MatrixRules
{
    /// <summary>What the rules say of a graph for a runtime.</summary>
    public static QuantizableGraph Apply(GraphIndex graph, Target target) => new(graph, target, [.. graph.Graph.Node.Select(node => Ask(node, graph, target))]);

    private static NodeFacts Ask(NodeProto node, GraphIndex graph, Target target)
    {
        WeightSlot? weight = FindMatrix(node, graph, out string? reason);
        NodeRole role = NodeRole.Weighted;
        if (weight is null && reason is null)
        {
            weight = EmbeddingTable.Find(node, graph, target, out reason);
            role = NodeRole.TableLookup;
        }

        string[] inner = [.. node.Subgraphs().SelectMany(GraphExtensions.AllGraphs).SelectMany(each => each.Node).Where(WeightSlot.CanHaveWeights).Select(each => each.GetLabel())];
        return new NodeFacts(node, weight is null ? null : new QuantizableNode(node, role, [], node) { Weight = weight }, reason, inner);
    }

    /// <summary>Finds the matrix that a node multiplies by. The bias and the factors of a Gemm stay as they are.</summary>
    private static WeightSlot? FindMatrix(NodeProto node, GraphIndex graph, out string? reason)
    {
        reason = null;
        if (!WeightSlot.CanHaveWeights(node))
        {
            return null;
        }

        TensorProto? weight = graph.FindConstant(node.Input[WeightSlot.WeightInput]);
        reason = node.OpType is "Conv" or "ConvTranspose" ? "no form of a convolution with int8 weights alone is known that ONNX Runtime does not turn into floats at every run"
            : weight is null ? "its weights are computed, not constant"
            : !weight.IsFloat() ? "its weights are not 32-bit floats"
            : weight.Dims.Count != 2 || weight.Dims.Contains(0) ? "its weights are not a matrix"
            : graph.FindConstant(node.Input[0]) is not null ? "its input is constant"
            : null;
        return reason is null ? new WeightSlot(weight!, IsTransposed(node) ? 0 : 1, null, false) : null;
    }

    private static bool IsTransposed(NodeProto node) => node.OpType == "Gemm" && node.GetInt("transB", 0) != 0;
}
