namespace Quantization.Onnx;

/// <summary>How far an analysis is.</summary>
/// <param name="Measure">The measure that is taken.</param>
/// <param name="Completed">The layers done.</param>
/// <param name="Total">The layers there are.</param>
public readonly record struct SensitivityProgress(SensitivityMeasure Measure, int Completed, int Total);
