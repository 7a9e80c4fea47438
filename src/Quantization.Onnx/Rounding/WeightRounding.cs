namespace Quantization.Onnx;

/// <summary>Turns the weights of planned nodes into codes.</summary>
/// <param name="modelPath">What messages call the model.</param>
/// <param name="weightRanges">Finds the ranges of weights.</param>
internal sealed class WeightRounding(string modelPath, WeightRanges weightRanges)
{
    /// <summary>The codes of a node's weights.</summary>
    /// <param name="node">The node, with the parameters of its activations.</param>
    /// <exception cref="OnnxModelException">A weight or a bias is NaN or infinite.</exception>
    public QuantizedWeight Round(PlannedNode node) => QuantizedWeight.Make(modelPath, node, weightRanges);
}
