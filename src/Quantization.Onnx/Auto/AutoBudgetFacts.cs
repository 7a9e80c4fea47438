namespace Quantization.Onnx;

/// <summary>A budget as JSON has it.</summary>
internal sealed record AutoBudgetFacts(double? MaxLoss, double? MaxLatencyRatio, double? MaxSizeRatio, long? MaxBytes);
