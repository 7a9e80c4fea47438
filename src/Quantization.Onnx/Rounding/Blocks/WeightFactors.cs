namespace Quantization.Onnx;

/// <summary>What weights are multiplied by before they are rounded, and what their errors count then.</summary>
/// <param name="Inputs">A factor for each input; null for 1.</param>
/// <param name="Outputs">A factor for each output; null for 1.</param>
/// <param name="Importance">The mean square of each input after scaling; null where that is not known.</param>
internal sealed record WeightFactors(float[]? Inputs, float[]? Outputs, float[]? Importance);
