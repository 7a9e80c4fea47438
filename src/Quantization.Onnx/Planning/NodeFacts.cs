using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>What the rules say of one node of a graph.</summary>
/// <param name="Node">The node.</param>
/// <param name="Candidate">The node as one that can run on codes; null where it cannot.</param>
/// <param name="Reason">Why it stays in float, where it multiplies by weights or looks rows up; otherwise null.</param>
/// <param name="Inner">The nodes with weights in graphs inside the node, by path.</param>
internal sealed record NodeFacts(NodeProto Node, QuantizableNode? Candidate, string? Reason, IReadOnlyList<string> Inner);
