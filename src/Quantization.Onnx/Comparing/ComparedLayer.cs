namespace Quantization.Onnx;

/// <summary>A layer that two models have, and how near what it computes is in both. Immutable.</summary>
/// <param name="Node">The node's name in the first model, or its first output where it has none.</param>
/// <param name="Operator">Its operator there.</param>
/// <param name="Value">The value compared, which has this name in both models: the node's result, or the first behind it that both
/// have.</param>
/// <param name="SignalToNoise">The ratio <c>10 · log₁₀(Σ y² / Σ (y − ŷ)²)</c> in dB, with y the first model's values; +∞ where nothing
/// differs.</param>
/// <param name="Cosine">The cosine of both models' values; 1 where nothing differs.</param>
public sealed record ComparedLayer(string Node, string Operator, string Value, double SignalToNoise, double Cosine);
