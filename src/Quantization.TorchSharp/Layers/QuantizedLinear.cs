using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary><c>y = fq(x) · fq(W)ᵀ + b</c>, with weights of shape [outputs, inputs].</summary>
public sealed class QuantizedLinear : QuantizedLayer
{
    /// <summary>Takes over a float layer's parameters.</summary>
    /// <param name="source">The float layer; it is not to be used any more.</param>
    /// <param name="quantization">Bits and ranges.</param>
    /// <param name="norm">A BatchNorm1d that follows the layer and is folded into it, or null.</param>
    /// <param name="path">Where in the model the layer is, for messages.</param>
    public QuantizedLinear(Linear source, LayerQuantization quantization, BatchNorm1d? norm = null, string path = nameof(QuantizedLinear))
        : base(nameof(QuantizedLinear), source
            ?? throw new ArgumentNullException(nameof(source)), source.weight, source.bias, norm, quantization, 0, path)
    {
    }

    private protected override Tensor Compute(Tensor input, Tensor weight, Tensor? bias) => torch.nn.functional.linear(input, weight, bias);
}
