using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>What is done for single layers: which are in float, and which take steps short of it. Immutable.</summary>
/// <param name="Float">The layers in float, by name.</param>
/// <param name="Steps">The steps of others, by name.</param>
internal sealed record LayerSet(ImmutableHashSet<string> Float, ImmutableDictionary<string, ImmutableList<LayerStep>> Steps)
{
    public static LayerSet Empty { get; } = new([], ImmutableDictionary<string, ImmutableList<LayerStep>>.Empty);

    /// <summary>The set with a layer in float, which makes its steps superfluous.</summary>
    public LayerSet WithFloat(string layer) => new(Float.Add(layer), Steps.Remove(layer));

    /// <summary>The set with steps for a layer.</summary>
    public LayerSet WithSteps(string layer, ImmutableList<LayerStep> steps) => steps.IsEmpty ? this : this with { Steps = Steps.SetItem(layer, steps) };

    /// <summary>The set with a layer as it was to begin with.</summary>
    public LayerSet Without(string layer) => new(Float.Remove(layer), Steps.Remove(layer));

    /// <summary>Whether something is done for a layer.</summary>
    public bool Contains(string layer) => Float.Contains(layer) || Steps.ContainsKey(layer);

    /// <summary>The options that give the model.</summary>
    /// <param name="baseline">How layers are quantized to begin with.</param>
    /// <param name="plan">What is quantized with the baseline.</param>
    public PtqOptions ApplyTo(PtqOptions baseline, QuantizationPlan plan)
    {
        Dictionary<string, WeightOptions> weights = new(baseline.OwnWeights);
        Dictionary<string, ICalibrator> activations = new(baseline.OwnCalibrators);
        foreach (PlannedNode layer in plan.Nodes)
        {
            foreach (LayerStep step in Steps.GetValueOrDefault(layer.Node.GetLabel()) ?? [])
            {
                string name = layer.Node.GetLabel();
                if (step.Weights is { } own)
                {
                    WeightOptions before = weights.GetValueOrDefault(name) ?? new WeightOptions();
                    weights[name] = new WeightOptions { Granularity = own.Granularity ?? before.Granularity, Calibrator = own.Calibrator ?? before.Calibrator };
                }

                if (step.Activations is { } calibrator)
                {
                    foreach (string value in layer.Inputs.Append(layer.Output).Where(plan.Activations.ContainsKey))
                    {
                        activations[plan.Activations[value]] = calibrator;
                    }
                }
            }
        }

        return baseline with { FloatNodes = baseline.FloatNodes.Union(Float).ToHashSet(), OwnWeights = weights, OwnCalibrators = activations };
    }
}
