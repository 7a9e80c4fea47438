namespace Quantization.Onnx;

/// <summary>How far a long call is.</summary>
/// <param name="Stage">What it is doing.</param>
/// <param name="Completed">The samples done, while calibrating.</param>
/// <param name="Total">The samples in all; null where that is not known, or where the stage has no steps.</param>
public readonly record struct QuantizationProgress(QuantizationStage Stage, long Completed, long? Total);
