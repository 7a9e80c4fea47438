using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// A table whose rows are fake-quantized before they are looked up: each row has a scale of its own. It takes over the table of the float
/// layer, under the same name in the state dict.
/// </summary>
public sealed class QuantizedEmbedding : torch.nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly FakeQuantize weight_quantizer;

    // The float layer disposes its table when it is collected. In an array, it is no child of this module.
    private readonly torch.nn.Module[] _keptAlive;

    /// <summary>Takes over a float layer's table.</summary>
    /// <param name="source">The float layer; it is not to be used any more.</param>
    /// <param name="quantization">
    /// Bits and range of the weights; those of activations are not looked at, since numbers of rows go in.
    /// </param>
    /// <param name="path">Where in the model the layer is, for messages.</param>
    public QuantizedEmbedding(Embedding source, LayerQuantization quantization, string path = nameof(QuantizedEmbedding))
        : base(nameof(QuantizedEmbedding))
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(quantization);
        LayerQuantization rows = quantization.Checked() with { WeightGranularity = GranularityKind.PerChannel };
        Quantization = rows;
        Path = path;
        _keptAlive = [source];
        weight = source.weight!;
        weight_quantizer =
            new FakeQuantize(rows.ForWeights(0), (int)weight.shape[0], $"{path}.{nameof(weight_quantizer)}") { IsWeight = true };
        register_parameter(nameof(weight), weight);
        register_module(nameof(weight_quantizer), weight_quantizer);
        if (rows.WeightRange == RangeMode.Learned)
        {
            using IDisposable noGradient = torch.no_grad();
            weight_quantizer.Initialize(weight);
        }
    }

    /// <summary>The bits and the range.</summary>
    public LayerQuantization Quantization { get; }

    /// <summary>Where in the model the layer is, for example <c>tokens</c>.</summary>
    public string Path { get; }

    /// <summary>What maps the table.</summary>
    public FakeQuantize WeightQuantizer => weight_quantizer;

    /// <summary>The float table as it is trained.</summary>
    public Parameter Weight => weight;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using DisposeScope scope = torch.NewDisposeScope();
        return weight_quantizer.Apply(weight).index_select(0, input.flatten()).reshape([.. input.shape, weight.shape[1]])
            .MoveToOuterDisposeScope();
    }

    /// <summary>Gives the table the ranges that a calibrator finds for it.</summary>
    internal IReadOnlyList<CalibrationResult> Calibrate(ICalibrator calibrator)
    {
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        weight_quantizer.BeginCalibration();
        weight_quantizer.Collect(weight);
        return weight_quantizer.EndCalibration(calibrator);
    }
}
