using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>What the quantized convolutions share.</summary>
public abstract class QuantizedConvolution : QuantizedLayer
{
    private protected QuantizedConvolution(
        string name, Convolution source, LayerQuantization quantization, NormBase? norm, int channelAxis, string path)
        : base(name, source
            ?? throw new ArgumentNullException(nameof(source)), source.weight, source.bias, norm, quantization, channelAxis, path) =>
        Geometry = ConvolutionGeometry.Of(source);

    internal ConvolutionGeometry Geometry { get; }
}
