using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// A linear or convolutional layer whose input and weights are fake-quantized. It takes over the parameters of the float layer it is made
/// from (the same objects, under the same names in the state dict), and may take over the BatchNorm behind it, which it folds into the
/// weights before they are quantized: what is trained is what is deployed.
/// </summary>
/// <remarks>
/// With a BatchNorm, <c>k = γ / √(σ² + ε)</c> from the running statistics, the weights that are quantized are <c>w · k</c>. While
/// statistics are trained, the quantized weights are divided by k and the result is normalized with the batch's statistics (Krishnamoorthi,
/// 2018, arXiv:1806.08342, section 3.2.2); once they are frozen, and in evaluation, the layer is one convolution with the weights
/// <c>w · k</c> and the bias <c>β + (b − μ) · k</c>.
/// </remarks>
public abstract class QuantizedLayer : torch.nn.Module<Tensor, Tensor>
{
    private const double SmallestFactor = 1e-8;

    private readonly Parameter weight;
    private readonly Parameter? bias;
    private readonly FakeQuantize input_quantizer;
    private readonly FakeQuantize weight_quantizer;
    private readonly NormBase? norm;

    // The float layer disposes its parameters when it is collected. In an array, it is no child of this module.
    private readonly torch.nn.Module[] _keptAlive;

    private protected QuantizedLayer(
        string name, torch.nn.Module source, Parameter weight, Parameter? bias, NormBase? norm, LayerQuantization quantization,
        int channelAxis, string path)
        : base(name)
    {
        ArgumentNullException.ThrowIfNull(quantization);
        Quantization = quantization.Checked();
        ChannelAxis = channelAxis;
        Path = path;
        _keptAlive = [source];
        this.weight = weight;
        this.bias = bias;
        this.norm = norm;
        int channels = quantization.WeightGranularity switch
        {
            GranularityKind.PerChannel => (int)weight.shape[channelAxis],
            GranularityKind.PerBlock when WhyNoBlocks(weight, quantization) is { } reason =>
                throw new NotSupportedException($"{path}: {reason}."),
            GranularityKind.PerBlock => (int)(weight.numel() / quantization.BlockSize),
            _ => 1,
        };
        input_quantizer = new FakeQuantize(
            quantization.ForActivations(), 1, $"{path}.{nameof(input_quantizer)}") { Enabled = quantization.QuantizesActivations };
        weight_quantizer =
            new FakeQuantize(quantization.ForWeights(channelAxis), channels, $"{path}.{nameof(weight_quantizer)}") { IsWeight = true };
        register_parameter(nameof(weight), weight);
        if (bias is not null)
        {
            register_parameter(nameof(bias), bias);
        }

        if (norm is not null)
        {
            register_module(nameof(norm), norm);
        }

        register_module(nameof(input_quantizer), input_quantizer);
        register_module(nameof(weight_quantizer), weight_quantizer);
        using (torch.no_grad())
        {
            using DisposeScope scope = torch.NewDisposeScope();
            (Tensor folded, _) = Fold();
            if (quantization.WeightRange == RangeMode.Learned)
            {
                weight_quantizer.Initialize(folded);
            }
        }
    }

    /// <summary>The bits and ranges.</summary>
    public LayerQuantization Quantization { get; }

    /// <summary>Where in the model the layer is, for example <c>features.0</c>.</summary>
    public string Path { get; }

    /// <summary>What maps the layer's input.</summary>
    public FakeQuantize InputQuantizer => input_quantizer;

    /// <summary>What maps the layer's weights.</summary>
    public FakeQuantize WeightQuantizer => weight_quantizer;

    /// <summary>The BatchNorm that is folded into the weights, or null.</summary>
    public NormBase? BatchNorm => norm;

    /// <summary>Whether the BatchNorm's statistics are fixed; true also where there is none. Not part of the state dict.</summary>
    public bool IsBatchNormFrozen { get; internal set; }

    /// <summary>The float weights as they are trained.</summary>
    public Parameter Weight => weight;

    /// <summary>The float bias as it is trained, or null.</summary>
    public Parameter? Bias => bias;

    /// <summary>The axis of the weights that counts output channels.</summary>
    internal int ChannelAxis { get; }

    /// <summary>
    /// Fixes the BatchNorm's statistics: from now on the layer trains in the very form in which it is deployed. γ and β go on learning.
    /// </summary>
    public void FreezeBatchNorm() => IsBatchNormFrozen = true;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor quantized = input_quantizer.Apply(input);
        if (norm is not null && training && !IsBatchNormFrozen)
        {
            return ForwardWithBatchStatistics(quantized).MoveToOuterDisposeScope();
        }

        (Tensor foldedWeight, Tensor? foldedBias) = Fold();
        return Compute(quantized, weight_quantizer.Apply(foldedWeight), foldedBias).MoveToOuterDisposeScope();
    }

    /// <summary>The weights and the bias with the BatchNorm in them: what is quantized and deployed.</summary>
    internal (Tensor Weight, Tensor? Bias) Fold()
    {
        if (norm is null)
        {
            return (weight, bias);
        }

        Tensor factor = Factor();
        Tensor centred = bias is null ? -norm.running_mean! : bias - norm.running_mean!;
        Tensor foldedBias = norm.bias is null ? centred * factor : norm.bias + (centred * factor);
        return (weight * AlongChannels(factor, weight.dim(), ChannelAxis), foldedBias);
    }

    /// <summary>Gives the weights the ranges that a calibrator finds for them.</summary>
    internal IReadOnlyList<CalibrationResult> CalibrateWeights(ICalibrator calibrator)
    {
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        weight_quantizer.BeginCalibration();
        weight_quantizer.Collect(Fold().Weight);
        return weight_quantizer.EndCalibration(calibrator);
    }

    /// <summary>Why weights cannot be in blocks; null where they can, or are not to be.</summary>
    internal static string? WhyNoBlocks(Tensor weight, LayerQuantization quantization) =>
        quantization.WeightGranularity != GranularityKind.PerBlock ? null
        : weight.dim() != 2 ? "weights of convolutions cannot be in blocks; quantize them per channel"
        : weight.shape[1] % quantization.BlockSize != 0
            ? $"its {weight.shape[1]} inputs are no multiple of the {quantization.BlockSize} weights of a block"
        : null;

    /// <summary>The layer's own arithmetic.</summary>
    private protected abstract Tensor Compute(Tensor input, Tensor weight, Tensor? bias);

    private Tensor ForwardWithBatchStatistics(Tensor input)
    {
        NormBase statistics = norm!;

        // k only moves the weights onto the grid they are deployed on; it is divided out again, so no gradient goes through it. Weights are
        // fewer than results, and the layer is linear, so it is divided out of them.
        Tensor factor = AlongChannels(Factor().detach(), weight.dim(), ChannelAxis);
        Tensor scaled = weight_quantizer.Apply(weight * factor) / factor;
        return statistics.forward(Compute(input, scaled, bias));
    }

    /// <summary>γ / √(σ² + ε), kept away from 0 because it is divided by.</summary>
    private Tensor Factor()
    {
        Tensor deviation = (norm!.running_var! + norm.eps).sqrt();
        Tensor factor = norm.weight is null ? 1 / deviation : norm.weight / deviation;
        return torch.where(factor.abs() < SmallestFactor, torch.full_like(factor, SmallestFactor), factor);
    }

    private static Tensor AlongChannels(Tensor vector, long rank, int axis)
    {
        long[] shape = new long[rank];
        Array.Fill(shape, 1);
        shape[axis] = -1;
        return vector.reshape(shape);
    }
}
