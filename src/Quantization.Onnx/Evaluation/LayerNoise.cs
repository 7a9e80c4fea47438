namespace Quantization.Onnx;

/// <summary>
/// How much noise quantization adds to one layer. Immutable. All ratios are <c>10 · log₁₀(Σ y² / Σ (y − ŷ)²)</c> in dB with y the float
/// model's values; +∞ where nothing differs.
/// </summary>
/// <param name="Node">The node's name.</param>
/// <param name="Operator">Its operator, such as <c>Conv</c>.</param>
/// <param name="Output">The value compared: the node's result, after the activation function where that is part of the int8 node.</param>
/// <param name="SignalToNoise">The ratio at this value in the whole int8 model: the noise of all layers up to here.</param>
/// <param name="OwnSignalToNoise">
/// The ratio at the model's outputs, the worst one's, when this layer alone is quantized: what this layer costs. Null for layers without
/// weights.
/// </param>
public sealed record LayerNoise(string Node, string Operator, string Output, double SignalToNoise, double? OwnSignalToNoise);
