using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Asks the rules of int8 weights beside inputs that become codes at run time what each node of a graph can do.</summary>
internal static class DynamicRules
{
    private const string NoConvolution =
        "a convolution with ranges found at run time needs ONNX Runtime's ConvInteger, which is no faster than float";

    /// <summary>What the rules say of a graph for a runtime.</summary>
    public static QuantizableGraph Apply(GraphIndex graph, Target target) =>
        new(graph, target, BodyRules.Ask(graph, (node, around) => Ask(node, around, target))) { Patterns = graph.Patterns.All };

    private static NodeFacts Ask(NodeProto node, GraphIndex graph, Target target)
    {
        QuantizableNode? recurrent = RecurrentMatrices.Find(node, graph, target, out string? reason);
        return recurrent is null && reason is null
            ? MatrixRules.Ask(node, graph, target, NoConvolution)
            : new NodeFacts(node, recurrent, reason, []);
    }
}
