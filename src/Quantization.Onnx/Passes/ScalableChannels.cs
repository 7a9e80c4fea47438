using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A convolution whose channels can be scaled, because all that reads them can be scaled back.</summary>
/// <param name="Maker">The convolution.</param>
/// <param name="Value">Its result.</param>
/// <param name="Count">How many channels it has.</param>
internal sealed record ScalableChannels(NodeProto Maker, string Value, long Count)
{
    /// <summary>The values that the scaling changes: the result, and what activation functions and pools make of it.</summary>
    public HashSet<string> Values { get; } = [];

    /// <summary>The convolutions that read these values.</summary>
    public List<NodeProto> Readers { get; } = [];
}
