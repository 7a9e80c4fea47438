namespace Quantization.Onnx;

/// <summary>An activation that partial quantization left in float, and why. Immutable.</summary>
/// <param name="Activation">The value's name.</param>
/// <param name="Without">The score of the model that was written, but with codes for this activation.</param>
/// <param name="Reason">The measured reason, in a sentence.</param>
public sealed record ActivationChange(string Activation, TrialScore Without, string Reason);
