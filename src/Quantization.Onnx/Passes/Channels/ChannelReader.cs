using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A convolution whose weights can take back the factors of the channels that it reads.</summary>
/// <param name="Node">The convolution.</param>
/// <param name="Value">What it reads.</param>
/// <param name="IsDepthwise">Whether each channel is read by output channels of its own, which have scales of their own.</param>
internal sealed record ChannelReader(NodeProto Node, string Value, bool IsDepthwise)
{
    /// <summary>The axis of the weights that belongs to the channels read.</summary>
    public int Axis => IsDepthwise ? 0 : 1;
}
