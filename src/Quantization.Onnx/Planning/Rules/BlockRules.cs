using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Asks what each node of a graph can do with weights in blocks beside inputs in float, whichever floats these are.</summary>
internal static class BlockRules
{
    private const string NoConvolution = "ONNX Runtime has no convolution with weights in blocks";

    /// <summary>Codes in the place of smaller tables save so little that the operators around them weigh more.</summary>
    private const int MinTable = 1 << 12;

    /// <summary>Narrower rows are coordinates or classes rather than embeddings.</summary>
    private const int MinWidth = 16;

    /// <summary>What the rules say of a graph for a runtime.</summary>
    public static QuantizableGraph Apply(GraphIndex graph, Target target) =>
        new(graph, target, BodyRules.Ask(graph, Ask));

    /// <summary>Whether a form of a node with weights in blocks is known.</summary>
    public static bool CanHaveBlocks(QuantizableNode node) =>
        node.Node.OpType is "MatMul" or "Gemm" or "Gather" && node.Weight is { Weight.Dims.Count: 2 } && node.Node.GetInt("transA", 0) == 0;

    private static NodeFacts Ask(NodeProto node, GraphIndex graph)
    {
        QuantizableNode? candidate = null;
        if (FindMatrix(node, graph, out string? reason) is { } matrix)
        {
            candidate = new QuantizableNode(node, NodeRole.Weighted, [node.Input[0]], node) { Weight = matrix };
        }
        else if (reason is null && FindTable(node, graph, out reason) is { } table)
        {
            candidate = new QuantizableNode(node, NodeRole.TableLookup, [], node) { Weight = table };
        }

        return new NodeFacts(node, candidate, reason, []);
    }

    private static WeightSlot? FindMatrix(NodeProto node, GraphIndex graph, out string? reason)
    {
        reason = null;
        if (!WeightSlot.CanHaveWeights(node))
        {
            return null;
        }

        BlockWeightSource? source = BlockWeightSource.Find(node.Input[WeightSlot.WeightInput], graph);
        reason = node.OpType is "Conv" or "ConvTranspose" ? NoConvolution
            : source is null ? "its weights are computed, not constant"
            : !BlockWeightSource.IsFloat(source.Tensor.DataType) ? "its weights are not floats of 32 or 16 bits"
            : source.Tensor.Dims.Count != 2 || source.Tensor.Dims.Contains(0) ? "its weights are not a matrix"
            : graph.FindConstant(node.Input[0]) is not null ? "its input is constant"
            : node.OpType == "Gemm" && node.GetInt("transA", 0) != 0 ? "its input is transposed"
            : null;
        if (reason is not null)
        {
            return null;
        }

        bool isTransposed = source!.IsTransposed ^ (node.OpType == "Gemm" && node.GetInt("transB", 0) != 0);
        return new WeightSlot(source.Tensor, isTransposed ? 0 : 1, null, false) { FloatType = source.FloatType };
    }

    private static WeightSlot? FindTable(NodeProto node, GraphIndex graph, out string? reason)
    {
        reason = null;
        if (!IsLookup(node, graph, out BlockWeightSource? source))
        {
            return null;
        }

        reason = graph.IsOuterConstant(node.Input[0]) ? "its table lies outside of the branch or loop that reads it"
            : IsReadInFloat(node.Input[0], source!.Tensor, graph) ? "its table is read in float too, and would be stored twice" : null;
        return reason is null ? new WeightSlot(source!.Tensor, 0, null, false) { Input = 0, FloatType = source.FloatType } : null;
    }

    private static bool IsLookup(NodeProto node, GraphIndex graph, out BlockWeightSource? source)
    {
        source = node.OpType == "Gather" && Opset.IsOnnx(node.Domain) && graph.FindConstant(node.Input[1]) is null
            && node.GetInt("axis", 0) is 0 or -2
            ? BlockWeightSource.Find(node.Input[0], graph)
            : null;
        return source is { IsTransposed: false, Tensor: { Dims: [_, >= MinWidth] } tensor }
            && BlockWeightSource.IsFloat(tensor.DataType) && tensor.CountElements() >= MinTable;
    }

    /// <summary>Whether somebody reads a table, or what is made of it, who cannot read codes.</summary>
    private static bool IsReadInFloat(string value, TensorProto table, GraphIndex graph) =>
        graph.IsVisibleOutside(value) || graph.Consumers(value).Any(reader => !IsLookup(reader, graph, out _)
            && FindMatrix(reader, graph, out _)?.Weight != table
            && (reader.OpType is not ("Transpose" or "Cast" or "Identity") || IsReadInFloat(reader.Output[0], table, graph)));
}
