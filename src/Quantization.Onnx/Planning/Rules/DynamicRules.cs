namespace Quantization.Onnx;

/// <summary>Asks the rules of int8 weights beside inputs that become codes at run time what each node of a graph can do.</summary>
internal static class DynamicRules
{
    private const string NoConvolution = "a convolution on codes that are found at run time takes longer than in float";

    /// <summary>What the rules say of a graph for a runtime.</summary>
    public static QuantizableGraph Apply(GraphIndex graph, Target target) => MatrixRules.Apply(graph, target, NoConvolution);
}
