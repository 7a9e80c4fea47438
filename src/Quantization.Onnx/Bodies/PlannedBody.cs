namespace Quantization.Onnx;

/// <summary>A body and how it is quantized.</summary>
/// <param name="Body">The body.</param>
/// <param name="Plan">Its plan; null where it stays in float.</param>
/// <param name="Reason">Why it stays in float; null where it has a plan.</param>
internal sealed record PlannedBody(FoundBody Body, QuantizationPlan? Plan, string? Reason);
