using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>Writes down what chosen nodes read, hold and make as codes.</summary>
internal static class NodeEncoder
{
    /// <summary>The plans of chosen nodes.</summary>
    /// <param name="selection">The nodes, and the values that become codes.</param>
    /// <param name="ofWeights">The encoding of a node's weights.</param>
    /// <param name="ofActivation">The encoding of a value.</param>
    /// <param name="ofConstant">The encoding of constants that nodes combine their input with.</param>
    public static ImmutableArray<NodePlan> Encode(
        NodeSelection selection, Func<QuantizableNode, TensorEncoding> ofWeights, Func<string, TensorEncoding> ofActivation,
        TensorEncoding ofConstant) =>
    [
        .. selection.Nodes.Select(node => selection.WeightOnly.Contains(node)
            ? new NodePlan(node.Label, node.Node.Output[0]) { Weights = ofWeights(node) }
            : new NodePlan(node.Label, node.Node.Output[0])
            {
                Weights = node.Weight is null ? null : ofWeights(node),
                Constant = node.Constant is null ? null : ofConstant,
                Inputs = [.. Positions(node.Node.Input, node.Inputs.Contains, ofActivation)],

                // The rows that a table gives are floats: who reads them from codes makes these.
                Results =
                    node.Role == NodeRole.TableLookup ? [] : [.. Positions(node.Outputs, selection.Sources.ContainsKey, ofActivation)],
            }),
    ];

    /// <summary>The plans of chosen nodes that read and make floats.</summary>
    /// <param name="selection">The nodes.</param>
    /// <param name="weights">The encoding of weights and tables.</param>
    public static ImmutableArray<NodePlan> EncodeWeights(NodeSelection selection, TensorEncoding weights) =>
        [.. selection.Nodes.Select(node => new NodePlan(node.Label, node.Node.Output[0]) { Weights = weights })];

    /// <summary>
    /// The plans of chosen nodes whose weights are codes, and whose inputs become codes at run time where a form for it is known.
    /// </summary>
    /// <param name="selection">The nodes.</param>
    /// <param name="weights">The encoding of matrices.</param>
    /// <param name="tables">The encoding of tables.</param>
    /// <param name="input">The encoding of inputs.</param>
    public static ImmutableArray<NodePlan> EncodeDynamic(
        NodeSelection selection, TensorEncoding weights, TensorEncoding tables, TensorEncoding input) =>
    [
        .. selection.Nodes.Select(node => new NodePlan(node.Label, node.Node.Output[0])
        {
            Weights = node.Role == NodeRole.TableLookup ? tables : weights,
            Inputs = node.TakesDynamicInput ? [.. Positions(node.Node.Input, node.Inputs.Contains, _ => input)] : [],
        }),
    ];

    private static IEnumerable<ValueEncoding> Positions(
        IEnumerable<string> values, Predicate<string> isCoded, Func<string, TensorEncoding> encoding) =>
        values.Select((value, i) => (value, i))
            .Where(each => isCoded(each.value)).Select(each => new ValueEncoding(each.i, each.value, encoding(each.value)));
}
