using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>A Conv2d of the signs of its input with <c>α · sign(W)</c>; padding adds zeros, as in the float layer.</summary>
/// <param name="source">The float layer whose parameters it takes over; it is not to be used any more.</param>
/// <exception cref="NotSupportedException">The padding is not of zeros, or given as Same.</exception>
public sealed class XnorConv2d(Conv2d source)
    : XnorLayer(nameof(XnorConv2d), source ?? throw new ArgumentNullException(nameof(source)), source.weight, source.bias)
{
    internal ConvolutionGeometry Geometry { get; } = ConvolutionGeometry.Of(source);

    private protected override Tensor Compute(Tensor input, Tensor weight, Tensor? bias) =>
        torch.nn.functional.conv2d(input, weight, bias, Geometry.Stride, Geometry.Padding, Geometry.Dilation, Geometry.Groups);
}
