using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Knows the operators that run graphs of their own.</summary>
internal static class BodyKinds
{
    private const string Then = "then_branch";

    /// <summary>The kind of a graph that a node holds; null where it is not known when the graph runs.</summary>
    /// <param name="node">The node.</param>
    /// <param name="attribute">The attribute that holds the graph.</param>
    public static BodyKind? Find(NodeProto node, string attribute) => !Opset.IsOnnx(node.Domain) ? null : (node.OpType, attribute) switch
    {
        ("If", Then or "else_branch") => BodyKind.Branch,
        ("Loop", "body") => BodyKind.Loop,
        ("Scan", "body") => BodyKind.Scan,
        _ => null,
    };

    /// <summary>Whether a branch runs under a condition.</summary>
    /// <param name="attribute">The attribute that holds the branch.</param>
    /// <param name="condition">Whether the condition holds.</param>
    public static bool IsTaken(string attribute, bool condition) => condition == (attribute == Then);
}
