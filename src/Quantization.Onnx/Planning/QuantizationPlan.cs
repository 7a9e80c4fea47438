namespace Quantization.Onnx;

/// <summary>Which nodes of a graph run on codes, and which values are quantized for them.</summary>
/// <param name="Nodes">The nodes in the graph's order.</param>
/// <param name="Activations">
/// The values to quantize, in the order in which they are made, each with the value whose statistics it takes: its own, or for what a node only moved, those of the value moved.
/// </param>
/// <param name="Float">Nodes with weights that stay in float, and why, by name.</param>
internal sealed record QuantizationPlan(
    IReadOnlyList<PlannedNode> Nodes,
    IReadOnlyDictionary<string, string> Activations,
    IReadOnlyDictionary<string, string> Float)
{
    /// <summary>The bounds, by the value whose statistics are taken, beyond which values make no difference to their readers.</summary>
    public required IReadOnlyDictionary<string, Saturation> Saturations { get; init; }
}
