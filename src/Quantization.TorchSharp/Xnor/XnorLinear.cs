using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary><c>y = sign(x) · (α · sign(W))ᵀ + b</c>.</summary>
/// <param name="source">The float layer whose parameters it takes over; it is not to be used any more.</param>
public sealed class XnorLinear(Linear source)
    : XnorLayer(nameof(XnorLinear), source ?? throw new ArgumentNullException(nameof(source)), source.weight, source.bias)
{
    private protected override Tensor Compute(Tensor input, Tensor weight, Tensor? bias) => torch.nn.functional.linear(input, weight, bias);
}
