using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A part of a graph that runs on its own.</summary>
/// <param name="Nodes">
/// The nodes that depend on the model's inputs, in their order. Nodes that compute constants belong to no segment.
/// </param>
/// <param name="Inputs">The values that earlier segments make and this one reads.</param>
/// <param name="Outputs">The values that this segment makes and later ones read.</param>
internal sealed record ModelSegment(IReadOnlyList<NodeProto> Nodes, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs);
