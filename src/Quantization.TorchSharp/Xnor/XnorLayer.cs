using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// A layer of XNOR-Net (Rastegari et al., 2016, arXiv:1603.05279): the signs of the input meet the signs of the weights, scaled by α, the
/// mean magnitude of each filter. The float weights go on being trained through <see cref="SignGradient"/>. Put a BatchNorm before it, so
/// that the signs of the input carry as much as they can; the paper's scale of the input, K, is left to that BatchNorm.
/// </summary>
public abstract class XnorLayer : torch.nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly Parameter? bias;

    // The float layer disposes its parameters when it is collected. In an array, it is no child of this module.
    private readonly torch.nn.Module[] _keptAlive;

    private protected XnorLayer(string name, torch.nn.Module source, Parameter weight, Parameter? bias)
        : base(name)
    {
        _keptAlive = [source];
        this.weight = weight;
        this.bias = bias;
        register_parameter(nameof(weight), weight);
        if (bias is not null)
        {
            register_parameter(nameof(bias), bias);
        }
    }

    /// <summary>The float weights as they are trained.</summary>
    public Parameter Weight => weight;

    /// <summary>The float bias, or null.</summary>
    public Parameter? Bias => bias;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using DisposeScope scope = torch.NewDisposeScope();
        return Compute(SignFunction.apply(input), BinaryWeightFunction.apply(weight), bias).MoveToOuterDisposeScope();
    }

    /// <summary>The layer's own arithmetic.</summary>
    private protected abstract Tensor Compute(Tensor input, Tensor weight, Tensor? bias);
}
