using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>
/// What is done for single layers, activations and bodies: which are in float, and which take steps short of it. Immutable.
/// </summary>
/// <param name="Float">The layers in float, by name.</param>
/// <param name="Steps">The steps of others, by name.</param>
internal sealed record LayerSet(ImmutableHashSet<string> Float, ImmutableDictionary<string, ImmutableList<LayerStep>> Steps)
{
    /// <summary>The layers that compute in float with int8 weights, by name.</summary>
    public ImmutableHashSet<string> WeightOnly { get; init; } = [];

    /// <summary>The activations in float, by the value whose statistics they take.</summary>
    public ImmutableHashSet<string> Activations { get; init; } = [];

    /// <summary>The bodies of nodes in float, by path.</summary>
    public ImmutableHashSet<string> Bodies { get; init; } = [];

    public static LayerSet Empty { get; } = new([], ImmutableDictionary<string, ImmutableList<LayerStep>>.Empty);

    /// <summary>The set with a layer in float, which makes its steps superfluous.</summary>
    public LayerSet WithFloat(string layer) => Without(layer) with { Float = Float.Add(layer) };

    /// <summary>The set with a layer in float except for its weights.</summary>
    public LayerSet WithWeightOnly(string layer) => Without(layer) with { WeightOnly = WeightOnly.Add(layer) };

    /// <summary>The set with steps for a layer.</summary>
    public LayerSet WithSteps(string layer, ImmutableList<LayerStep> steps) =>
        steps.IsEmpty ? this : this with { Steps = Steps.SetItem(layer, steps) };

    /// <summary>The set with a layer as it was to begin with.</summary>
    public LayerSet Without(string layer) =>
        this with { Float = Float.Remove(layer), Steps = Steps.Remove(layer), WeightOnly = WeightOnly.Remove(layer) };

    /// <summary>Whether something is done for a layer.</summary>
    public bool Contains(string layer) => Float.Contains(layer) || WeightOnly.Contains(layer) || Steps.ContainsKey(layer);

    /// <summary>The plan of the set.</summary>
    /// <param name="baseline">The plan of layers as they are to begin with.</param>
    /// <param name="models">Derives plans.</param>
    public QuantizationPlan ApplyTo(QuantizationPlan baseline, TrialModels models)
    {
        Dictionary<string, TensorEncoding> weights = [];
        Dictionary<string, ICalibrator> activations = [];
        foreach ((NodePlan node, LayerStep step) in StepsOf(baseline))
        {
            if (step.Weights is { } own && (weights.GetValueOrDefault(node.Node) ?? node.Weights) is { } before)
            {
                weights[node.Node] = before with
                {
                    Granularity = own.Granularity ?? before.Granularity,
                    Range = own.Calibrator is null ? before.Range : new OwnRange(own.Calibrator),
                };
            }

            SetCalibrators(activations, node, step);
        }

        return models.Exclude(baseline.WithWeights(weights).WithCalibrators(activations), new FloatParts(Float, Activations, WeightOnly));
    }

    /// <summary>The options that give the same model.</summary>
    /// <param name="baseline">How layers are quantized to begin with.</param>
    /// <param name="plan">The plan of layers as they are to begin with.</param>
    public PtqOptions ApplyTo(PtqOptions baseline, QuantizationPlan plan)
    {
        Dictionary<string, WeightOptions> weights = new(baseline.OwnWeights);
        Dictionary<string, ICalibrator> activations = new(baseline.OwnCalibrators);
        foreach ((NodePlan node, LayerStep step) in StepsOf(plan))
        {
            if (step.Weights is { } own)
            {
                WeightOptions before = weights.GetValueOrDefault(node.Node) ?? new WeightOptions();
                weights[node.Node] = new WeightOptions
                {
                    Granularity = own.Granularity ?? before.Granularity,
                    Calibrator = own.Calibrator ?? before.Calibrator
                };
            }

            SetCalibrators(activations, node, step);
        }

        return baseline with
        {
            FloatNodes = baseline.FloatNodes.Union(Float).Union(Bodies).ToHashSet(),
            WeightOnlyNodes = baseline.WeightOnlyNodes.Union(WeightOnly).ToHashSet(),
            FloatActivations = plan.FloatActivations.Union(Activations),
            OwnWeights = weights,
            OwnCalibrators = activations,
        };
    }

    private IEnumerable<(NodePlan Node, LayerStep Step)> StepsOf(QuantizationPlan plan) =>
        plan.Nodes.SelectMany(node => (Steps.GetValueOrDefault(node.Node) ?? []).Select(step => (node, step)));

    private static void SetCalibrators(Dictionary<string, ICalibrator> activations, NodePlan node, LayerStep step)
    {
        foreach (ObservedRange rule
            in step.Activations is null ? [] : node.Inputs.Concat(node.Results).Select(each => each.Encoding.Range).OfType<ObservedRange>())
        {
            activations[rule.Source] = step.Activations!;
        }
    }
}
