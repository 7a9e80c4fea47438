using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A node that only stands for the codes of its input: its readers read what the codes stand for, and the node goes.</summary>
internal sealed class IdentityLowering : ILowering
{
    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) =>
        planned.Facts.Node.OpType == "Identity" && planned.Plan.InputAt(0) is not null && planned.Plan.Results.IsEmpty;

    /// <inheritdoc />
    public NodeProto? Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        graph.Rename(node.Output[0], node.Input[0]);
        return null;
    }
}
