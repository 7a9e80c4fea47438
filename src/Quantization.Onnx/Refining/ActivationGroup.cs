namespace Quantization.Onnx;

/// <summary>Activations that became codes together, all others in float.</summary>
/// <param name="Sources">The activations, by the values whose statistics they take; neighbours in the graph's order.</param>
/// <param name="Loss">The mean loss of the samples; see <see cref="FloatReference"/>.</param>
internal sealed record ActivationGroup(ArraySegment<string> Sources, double Loss);
