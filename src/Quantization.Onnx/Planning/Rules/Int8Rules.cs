using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Asks the rules of arithmetic on 8-bit codes what each node of a graph can do.</summary>
internal static class Int8Rules
{
    /// <summary>What the rules say of a graph for a runtime.</summary>
    public static QuantizableGraph Apply(GraphIndex graph, Target target)
    {
        HashSet<string> floats = target.GainsFromProducts ? FloatValues.Find(graph.Graph) : [];
        return new QuantizableGraph(
            graph, target, [.. graph.Graph.Node.Select(node => Ask(node, graph, target, floats))]) { Patterns = graph.Patterns.All };
    }

    private static NodeFacts Ask(NodeProto node, GraphIndex graph, Target target, HashSet<string> floats)
    {
        QuantizableNode? candidate;
        if (WeightSlot.Find(node, graph, target, out string? reason) is { } weight)
        {
            candidate = Make(node, NodeRole.Weighted, [node.Input[0]], OperatorRules.FindLast(node, graph)) with
            {
                Weight = weight,
                TakesDynamicInput = MatrixRules.TakesDynamicInput(node, target)
            };
        }
        else if (reason is null && EmbeddingTable.Find(node, graph, target, out reason) is { } table)
        {
            candidate = Make(node, NodeRole.TableLookup, [], node) with { Weight = table };
        }
        else if (OperatorRules.IsProduct(node, graph) && node.Input.All(floats.Contains))
        {
            reason = null;
            candidate = Make(node, NodeRole.Product, [.. node.Input], OperatorRules.FindLast(node, graph));
        }
        else
        {
            candidate = graph.Patterns.Of(node) is null ? FindBetween(node, graph, target) : null;
        }

        string[] inner = [.. NodeBody.Of(node).SelectMany(body => body.WeightedNodes)];
        return new NodeFacts(node, candidate, reason, inner);
    }

    /// <summary>A node that runs on codes where others before and behind it do.</summary>
    private static QuantizableNode? FindBetween(NodeProto node, GraphIndex graph, Target target)
    {
        if (ConstantOperand.Find(node, graph) is { } constant)
        {
            string computed = node.Input[1 - constant.Input];
            return OperatorRules.AddsToProduct(constant, computed, graph)
                ? null
                : Make(node, NodeRole.Arithmetic, [computed], OperatorRules.FindLast(node, graph)) with { Constant = constant };
        }

        return OperatorRules.Find(node, target) switch
        {
            null => null,
            { Role: NodeRole.DataMovement } => Make(node, NodeRole.DataMovement, [node.Input[0]], node),
            { ReadsFirstInputAlone: true } => Make(node, NodeRole.Arithmetic, [node.Input[0]], OperatorRules.FindLast(node, graph)),
            { } rule => Make(
                node, NodeRole.Arithmetic, [.. node.Input], OperatorRules.FindLast(node, graph)) with { CopiesInputs = rule.CopiesInputs },
        };
    }

    private static QuantizableNode Make(NodeProto node, NodeRole role, IReadOnlyList<string> inputs, NodeProto last) =>
        new(node, role, inputs, last) { NeedsCodedResult = OperatorRules.NeedsCodedResult(node, last) };
}
