namespace Quantization.Onnx;

/// <summary>A node that stays in float because an activation beside it was 0 in every calibration sample.</summary>
/// <param name="Node">The node's label.</param>
/// <param name="Activation">The activation.</param>
/// <param name="Reason">Why the node stays in float.</param>
internal sealed record DeadNode(string Node, string Activation, string Reason);
