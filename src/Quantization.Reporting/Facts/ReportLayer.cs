namespace Quantization.Reporting;

/// <summary>How much noise quantization adds to one layer. Immutable.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Operator">Its operator.</param>
/// <param name="SignalToNoise">The SQNR in dB of what it computes in the whole int8 model: the noise of all layers up to here.</param>
/// <param name="OwnSignalToNoise">
/// The SQNR of the model's outputs in dB when this layer alone is quantized; null for layers without weights.
/// </param>
/// <param name="NoiseShare">
/// Its share in the noise that all layers make at the outputs when each is quantized alone, 0 … 1; null for layers without weights.
/// </param>
public sealed record ReportLayer(string Node, string Operator, double SignalToNoise, double? OwnSignalToNoise, double? NoiseShare);
