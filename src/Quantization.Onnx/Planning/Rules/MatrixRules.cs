using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Asks the rules of matrices as int8 codes what each node of a graph can do, beside inputs in float or inputs that become codes at run
/// time.
/// </summary>
internal static class MatrixRules
{
    /// <summary>Why convolutions stay in float where weights alone become codes.</summary>
    public const string NoConvolution = "ONNX Runtime turns the int8 weights of a convolution on floats back into floats in every run";

    /// <summary>What the rules say of a graph for a runtime.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="target">The runtime.</param>
    /// <param name="noConvolution">Why convolutions stay in float.</param>
    public static QuantizableGraph Apply(GraphIndex graph, Target target, string noConvolution) =>
        new(graph, target, BodyRules.Ask(graph, (node, around) => Ask(node, around, target, noConvolution)));

    /// <summary>Whether a node that multiplies by a constant matrix has a form whose input becomes codes at run time.</summary>
    public static bool TakesDynamicInput(NodeProto node, Target target) =>
        target.TakesDynamicInputs && (node.OpType == "MatMul" || (node.OpType == "Gemm" && node.GetInt("transA", 0) == 0));

    /// <summary>What the rules say of one node.</summary>
    public static NodeFacts Ask(NodeProto node, GraphIndex graph, Target target, string noConvolution)
    {
        QuantizableNode? candidate = null;
        if (FindMatrix(node, graph, noConvolution, out string? reason) is { } matrix)
        {
            candidate = new QuantizableNode(
                node, NodeRole.Weighted, [node.Input[0]], node) { Weight = matrix, TakesDynamicInput = TakesDynamicInput(node, target) };
        }
        else if (reason is null && EmbeddingTable.Find(node, graph, target, out reason) is { } table)
        {
            candidate = new QuantizableNode(node, NodeRole.TableLookup, [], node) { Weight = table };
        }

        return new NodeFacts(node, candidate, reason, []);
    }

    /// <summary>Finds the matrix that a node multiplies by. The bias and the factors of a Gemm stay as they are.</summary>
    private static WeightSlot? FindMatrix(NodeProto node, GraphIndex graph, string noConvolution, out string? reason)
    {
        reason = null;
        if (!WeightSlot.CanHaveWeights(node))
        {
            return null;
        }

        TensorProto? weight = graph.FindConstant(node.Input[WeightSlot.WeightInput]);
        reason = node.OpType is "Conv" or "ConvTranspose" ? noConvolution
            : weight is null && AttentionProducts.Describe(node, graph) is { Length: > 0 } attention
                ? attention + "both its operands are computed"
            : weight is null ? "its weights are computed, not constant"
            : !weight.IsFloat() ? "its weights are not 32-bit floats"
            : weight.Dims.Count != 2 || weight.Dims.Contains(0) ? "its weights are not a matrix"
            : graph.FindConstant(node.Input[0]) is not null ? "its input is constant"
            : null;
        return reason is null ? new WeightSlot(weight!, IsTransposed(node) ? 0 : 1, null, false) : null;
    }

    private static bool IsTransposed(NodeProto node) => node.OpType == "Gemm" && node.GetInt("transB", 0) != 0;
}
