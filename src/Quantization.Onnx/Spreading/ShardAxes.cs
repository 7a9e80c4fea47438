namespace Quantization.Onnx;

/// <summary>The axes of an activation that follow the mask.</summary>
/// <param name="Activation">The activation.</param>
/// <param name="Batch">See <see cref="MaskedAxes.Batch"/>.</param>
/// <param name="Sequence">See <see cref="MaskedAxes.Sequence"/>.</param>
internal sealed record ShardAxes(string Activation, int? Batch, IReadOnlyList<int> Sequence);
