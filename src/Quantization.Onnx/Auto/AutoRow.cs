namespace Quantization.Onnx;

/// <summary>What the choice looks at of a model.</summary>
/// <param name="Way">How it was quantized.</param>
/// <param name="Score">
/// Its figure of the metric, larger is better; one above the float model's counts as that. NaN where no sample was scored.
/// </param>
/// <param name="Loss">How much worse than the float model's it is; NaN where the float model's is infinite or no sample was scored.</param>
/// <param name="LatencyRatio">Its time, in multiples of the float model's.</param>
/// <param name="Bytes">The bytes of its file.</param>
internal readonly record struct AutoRow(QuantizationWay Way, double Score, double Loss, double LatencyRatio, long Bytes);
