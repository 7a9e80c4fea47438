namespace Quantization.Onnx;

/// <summary>Turns the weights of planned nodes into codes.</summary>
/// <param name="modelPath">What messages call the model.</param>
/// <param name="weightRanges">Finds the ranges of weights.</param>
/// <param name="options">Formats, granularities and calibrators.</param>
internal sealed class WeightRounding(string modelPath, WeightRanges weightRanges, PtqOptions options)
{
    /// <summary>The codes of a node's weights.</summary>
    /// <param name="node">The node.</param>
    /// <param name="inputScale">The scale of the node's activations: with the weights' it makes the bias's.</param>
    /// <exception cref="OnnxModelException">A weight or a bias is NaN or infinite.</exception>
    public QuantizedWeight Round(PlannedNode node, float inputScale) =>
        QuantizedWeight.Make(modelPath, node, inputScale, weightRanges, options.ForWeightsOf(node.Node.GetLabel()));
}
