namespace Quantization.Onnx;

/// <summary>What one weighted layer takes. Immutable.</summary>
/// <param name="MultiplyAccumulates">
/// The products that it adds up for the first sample: the elements of its weights, times those of the result, divided by the output
/// channels; of a ConvTranspose by the strides too; none of a Gather, which looks rows up.
/// </param>
/// <param name="Weights">The elements of its weights.</param>
public sealed record LayerCost(long MultiplyAccumulates, long Weights);
