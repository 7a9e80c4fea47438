namespace Quantization.Onnx;

/// <summary>A layer and how sensitive it is. Immutable.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Sensitivity">
/// Larger is more sensitive. For <see cref="SensitivityMeasure.EstimatedNoise"/> the ratio of noise to signal. Where just this layer is
/// quantized, how much worse the figure is than the float model's; where all others are, how much better than the model's with all layers
/// quantized. By SQNR, which is infinite for the float model, the former is the ratio of noise to signal, <c>10^(−SQNR/10)</c>, and the
/// latter what that ratio falls by.
/// </param>
public sealed record RankedLayer(string Node, double Sensitivity);
