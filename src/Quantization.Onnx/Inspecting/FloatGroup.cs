namespace Quantization.Onnx;

/// <summary>Nodes that stay in float for the same reason. Immutable.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Nodes">How many nodes there are.</param>
/// <param name="First">The name of the first.</param>
public sealed record FloatGroup(string Reason, int Nodes, string First);
