using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Operators that keep their form: the runtime finds the pairs around them.</summary>
internal sealed class PlainLowering : ILowering
{
    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) => true;

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph) => node;
}
