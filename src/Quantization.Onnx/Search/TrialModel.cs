using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A model to try.</summary>
/// <param name="Key">Models with equal keys are the same.</param>
/// <param name="Write">Makes the model.</param>
/// <param name="Simulate">
/// Whether ONNX Runtime is to compute in float what it would fuse into operators on integers: for models that would not be quantized this
/// way, such as with codes for activations but float weights.
/// </param>
internal sealed record TrialModel(string Key, Func<ModelProto> Write, bool Simulate = false);
