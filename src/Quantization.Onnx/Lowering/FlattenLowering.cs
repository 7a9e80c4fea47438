using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>ONNX Runtime moves codes through Reshape, but not through Flatten.</summary>
internal sealed class FlattenLowering : ILowering
{
    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) => planned.Facts.Node.OpType == "Flatten" && planned.Facts.Node.GetInt("axis", 1) == 1;

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        node.OpType = "Reshape";
        node.Attribute.Clear();
        node.Input.Add(graph.AddIntegers([0, -1]));
        return node;
    }
}
