using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A known function that nodes of a graph compute together, such as GELU.</summary>
/// <param name="Kind">The function.</param>
/// <param name="Nodes">Its nodes, without constants. The last one makes the result.</param>
internal sealed record FloatPattern(FloatPatternKind Kind, IReadOnlyList<NodeProto> Nodes)
{
    /// <summary>What identifies the pattern: the node that makes its result.</summary>
    public string Label => Nodes[^1].GetLabel();
}
