using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// A ConvTranspose2d over fake-quantized input and weights. Its weights have the shape [inputs, outputs / groups, height, width]:
/// per-channel scales lie along axis 1.
/// </summary>
public sealed class QuantizedConvTranspose2d : QuantizedConvolution
{
    /// <summary>Takes over a float layer's parameters.</summary>
    /// <param name="source">The float layer; it is not to be used any more.</param>
    /// <param name="quantization">Bits and ranges.</param>
    /// <param name="norm">A BatchNorm2d that follows the layer and is folded into it, or null; only for one group.</param>
    /// <param name="path">Where in the model the layer is, for messages.</param>
    /// <exception cref="NotSupportedException">The padding is not of zeros, or a BatchNorm is to be folded into several groups.</exception>
    public QuantizedConvTranspose2d(
        ConvTranspose2d source, LayerQuantization quantization, BatchNorm2d? norm = null, string path = nameof(QuantizedConvTranspose2d))
        : base(nameof(QuantizedConvTranspose2d), source, quantization, norm, 1, path)
    {
        if (norm is not null && source.groups != 1)
        {
            throw new NotSupportedException($"{path}: a BatchNorm behind a transposed convolution of {source.groups} groups cannot be "
                + "folded along one axis of its weights.");
        }
    }

    private protected override Tensor Compute(Tensor input, Tensor weight, Tensor? bias) =>
        torch.nn.functional.conv_transpose2d(
            input, weight, bias, Geometry.Stride, Geometry.Padding, Geometry.OutputPadding, Geometry.Dilation, Geometry.Groups);
}
