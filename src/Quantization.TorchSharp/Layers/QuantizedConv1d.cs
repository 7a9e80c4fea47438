using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>A Conv1d over fake-quantized input and weights.</summary>
public sealed class QuantizedConv1d : QuantizedConvolution
{
    /// <summary>Takes over a float layer's parameters.</summary>
    /// <param name="source">The float layer; it is not to be used any more.</param>
    /// <param name="quantization">Bits and ranges.</param>
    /// <param name="norm">A BatchNorm1d that follows the layer and is folded into it, or null.</param>
    /// <param name="path">Where in the model the layer is, for messages.</param>
    /// <exception cref="NotSupportedException">The padding is not of zeros, or given as Same.</exception>
    public QuantizedConv1d(Conv1d source, LayerQuantization quantization, BatchNorm1d? norm = null, string path = nameof(QuantizedConv1d))
        : base(nameof(QuantizedConv1d), source, quantization, norm, 0, path)
    {
    }

    private protected override Tensor Compute(Tensor input, Tensor weight, Tensor? bias) =>
        torch.nn.functional.conv1d(input, weight, bias, Geometry.Stride[0], Geometry.Padding[0], Geometry.Dilation[0], Geometry.Groups);
}
