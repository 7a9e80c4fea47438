namespace Quantization.Onnx;

/// <summary>A calibration that may have gone on from a kept one.</summary>
/// <param name="Calibration">What was seen of all samples.</param>
/// <param name="Resumed">How many samples an earlier run had seen.</param>
/// <param name="RestartReason">Why a kept calibration was not continued, in a sentence; null where there was none, or where it was.</param>
internal sealed record ResumedCalibration(ModelCalibration Calibration, long Resumed, string? RestartReason);
