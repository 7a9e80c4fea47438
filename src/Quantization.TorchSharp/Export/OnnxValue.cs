namespace Quantization.TorchSharp;

/// <summary>A value in an <see cref="OnnxGraph"/>: what an operator gave, or the model's input.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="Rank">The number of its axes, the batch's among them.</param>
public sealed record OnnxValue(string Name, int Rank);
