namespace Quantization.Onnx;

/// <summary>An activation that partial quantization left in float, and why. Immutable.</summary>
/// <param name="Activation">The value's name.</param>
/// <param name="Without">What the model would score with codes for this activation and all else as written.</param>
/// <param name="Reason">The measured reason, in a sentence.</param>
public sealed record ActivationChange(string Activation, TrialScore Without, string Reason);
