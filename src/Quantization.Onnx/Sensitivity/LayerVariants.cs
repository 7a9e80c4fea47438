using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The models that tell how sensitive one layer is.</summary>
internal sealed class LayerVariants
{
    private readonly TrialModels _models;
    private readonly PtqOptions _baseline;
    private readonly string[] _names;

    public LayerVariants(TrialModels models, PtqOptions baseline)
    {
        _models = models;
        _baseline = baseline;
        Layers = [.. models.Plan(baseline).Nodes.Where(node => node.Weight is not null)];
        _names = [.. Layers.Select(layer => layer.Node.GetLabel())];
    }

    /// <summary>The weighted layers, in the order in which they run.</summary>
    public IReadOnlyList<PlannedNode> Layers { get; }

    /// <summary>The options that quantize one layer and leave all others in float.</summary>
    public PtqOptions Only(PlannedNode layer) => _baseline with { FloatNodes = _baseline.FloatNodes.Concat(_names.Where(name => name != layer.Node.GetLabel())).ToHashSet() };

    /// <summary>The model of a measure for a layer.</summary>
    public TrialModel Make(SensitivityMeasure measure, PlannedNode layer) => measure switch
    {
        SensitivityMeasure.OnlyThisLayer => _models.Make(Only(layer)),
        SensitivityMeasure.AllButThisLayer => _models.Make(_baseline with { FloatNodes = _baseline.FloatNodes.Append(layer.Node.GetLabel()).ToHashSet() }),
        SensitivityMeasure.OnlyActivations => OnlyActivations(layer),
        SensitivityMeasure.OnlyWeights => OnlyWeights(layer),
        _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "The measure runs no model."),
    };

    /// <summary>Codes around the layer, but float weights: ONNX Runtime must not quantize these by itself.</summary>
    private TrialModel OnlyActivations(PlannedNode layer)
    {
        QuantizationPlan plan = _models.Plan(Only(layer));
        QuantizationPlan weightless = plan with { Nodes = [.. plan.Nodes.Select(node => node with { Weight = null })] };
        return _models.Make(Only(layer), weightless, "activations\n", simulate: true);
    }

    /// <summary>The float model with weights that codes stand for.</summary>
    private TrialModel OnlyWeights(PlannedNode layer)
    {
        PtqOptions options = Only(layer);
        TrialModel alone = _models.Make(options);
        return new TrialModel($"weights\n{alone.Key}", () =>
        {
            float inputScale = layer.InputScale(_models.ChooseParameters(options, _models.Plan(options)));
            QuantizedWeight weight = QuantizedWeight.Make(_models.Model.File.Path, layer, inputScale, _models.WeightRanges, options.ForWeightsOf(layer.Node.GetLabel()));
            ModelProto model = _models.Model.Model.Clone();
            TensorProto values = TensorData.Make<float>(TensorProto.Types.DataType.Float, weight.Dequantize(), layer.Weight!.Weight.Dims);
            values.Name = new NameAllocator(model.Graph).Next();
            model.Graph.Initializer.Add(values);
            model.Graph.Node.Single(node => node.Output.Count > 0 && node.Output[0] == layer.Node.Output[0]).Input[layer.Weight.Input] = values.Name;
            UnusedConstants.Remove(model.Graph);
            return model;
        });
    }
}
