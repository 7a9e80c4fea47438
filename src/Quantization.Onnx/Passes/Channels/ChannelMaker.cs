using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A node whose constants make the channels of a value: a convolution, or a Gather that looks up rows of a table.</summary>
/// <param name="Node">The node.</param>
/// <param name="Value">Its result.</param>
/// <param name="Count">How many channels the result has.</param>
/// <param name="Constants">The constants that take a factor, with the axis of the channels.</param>
internal sealed record ChannelMaker(NodeProto Node, string Value, long Count, IReadOnlyList<(int Input, int Axis)> Constants);
