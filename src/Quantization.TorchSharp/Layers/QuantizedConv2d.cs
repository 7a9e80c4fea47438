using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>A Conv2d over fake-quantized input and weights.</summary>
public sealed class QuantizedConv2d : QuantizedConvolution
{
    /// <summary>Takes over a float layer's parameters.</summary>
    /// <param name="source">The float layer; it is not to be used any more.</param>
    /// <param name="quantization">Bits and ranges.</param>
    /// <param name="norm">A BatchNorm2d that follows the layer and is folded into it, or null.</param>
    /// <param name="path">Where in the model the layer is, for messages.</param>
    /// <exception cref="NotSupportedException">The padding is not of zeros, or given as Same.</exception>
    public QuantizedConv2d(Conv2d source, LayerQuantization quantization, BatchNorm2d? norm = null, string path = nameof(QuantizedConv2d))
        : base(nameof(QuantizedConv2d), source, quantization, norm, 0, path)
    {
    }

    private protected override Tensor Compute(Tensor input, Tensor weight, Tensor? bias) =>
        torch.nn.functional.conv2d(input, weight, bias, Geometry.Stride, Geometry.Padding, Geometry.Dilation, Geometry.Groups);
}
