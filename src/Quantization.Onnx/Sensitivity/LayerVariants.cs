namespace Quantization.Onnx;

/// <summary>The plans that tell how sensitive one layer is, derived from the plan of all.</summary>
internal sealed class LayerVariants
{
    private readonly TrialModels _models;
    private readonly string[] _names;

    /// <param name="models">Makes the models.</param>
    /// <param name="plan">The plan of all layers.</param>
    public LayerVariants(TrialModels models, QuantizationPlan plan)
    {
        _models = models;
        Plan = plan;
        Layers = models.Model.Analysis.WeightedNodes(plan);
        _names = [.. Layers.Select(layer => layer.Label)];
    }

    /// <summary>The plan of all layers.</summary>
    public QuantizationPlan Plan { get; }

    /// <summary>The weighted layers, in the order in which they run.</summary>
    public IReadOnlyList<QuantizableNode> Layers { get; }

    /// <summary>A plan that leaves all layers but one in float.</summary>
    /// <param name="plan">A plan of all layers.</param>
    /// <param name="layer">The layer.</param>
    public QuantizationPlan Only(QuantizationPlan plan, QuantizableNode layer) =>
        _models.Exclude(plan, _names.Where(name => name != layer.Label));

    /// <summary>The model of a measure for a layer.</summary>
    public TrialModel Make(SensitivityMeasure measure, QuantizableNode layer) => measure switch
    {
        SensitivityMeasure.OnlyThisLayer => _models.Make(Only(Plan, layer)),
        SensitivityMeasure.AllButThisLayer => _models.Make(_models.Exclude(Plan, [layer.Label])),
        SensitivityMeasure.OnlyActivations => _models.MakeWithFloatWeights(Only(Plan, layer)),
        SensitivityMeasure.OnlyWeights => _models.MakeWithRoundedWeights(Only(Plan, layer)),
        _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "The measure runs no model."),
    };
}
