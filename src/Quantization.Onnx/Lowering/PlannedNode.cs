namespace Quantization.Onnx;

/// <summary>A node with its plan.</summary>
/// <param name="Facts">The node in the graph.</param>
/// <param name="Plan">Its encodings.</param>
internal sealed record PlannedNode(QuantizableNode Facts, NodePlan Plan)
{
    /// <summary>The scale of the activation that the weights multiply; null where the node reads it in float, or reads none.</summary>
    public float? InputScale => Plan.InputAt(0)?.Range is FixedParameters given ? given.Scale : null;

    /// <summary>The bias, with what corrects it; null where there is neither.</summary>
    public float[]? FindBias()
    {
        float[]? bias = Facts.Weight!.Bias?.ReadFloats();
        return Plan.BiasCorrection.IsEmpty
            ? bias
            : [.. Plan.BiasCorrection.Select((correction, i) => bias is null ? correction : bias[i] + correction)];
    }

    /// <summary>The node once for each of its matrices. Where scales are given, those of the first come first.</summary>
    public IReadOnlyList<PlannedNode> Matrices => Facts.Recurrence is null
        ? [this]
        : [this with { Plan = WithScales(first: true) },
            new PlannedNode(Facts with { Weight = Facts.Recurrence }, WithScales(first: false))];

    /// <summary>Whether the node reads a value by way of a QuantizeLinear. Codes that are found at run time come another way.</summary>
    public bool ReadsCodes(string value) => Plan.Inputs.Any(input => input.Value == value && input.Encoding.Range is not DynamicRange);

    private NodePlan WithScales(bool first) => Plan.Weights is { Range: FixedScales { Scales: var scales } } weights
        ? Plan with
        {
            Weights = weights with { Range = new FixedScales(first ? scales[..(scales.Length / 2)] : scales[(scales.Length / 2)..]) }
        }
        : Plan;
}
