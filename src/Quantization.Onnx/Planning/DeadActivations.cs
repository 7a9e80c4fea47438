using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The activations that were 0 in every calibration sample, or had no values. Nothing tells their scale, and the bias of a layer is rounded
/// to steps of its input's scale: an arbitrary scale can round the bias away. So nodes that multiply stay in float where they read or make
/// such an activation.
/// </summary>
internal sealed class DeadActivations
{
    private readonly HashSet<string> _sources;

    private DeadActivations(IEnumerable<string> sources)
    {
        _sources = [.. sources];
    }

    /// <summary>Finds the dead activations of a calibration.</summary>
    public static DeadActivations Of(ModelCalibration calibration) =>
        new(calibration.Activations.Where(each => each.Value.Count == each.Value.ZeroCount).Select(each => each.Key));

    /// <summary>Chooses nodes of a graph, without those that multiply dead activations or make them.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="inFloat">What else is to stay in float.</param>
    public NodeSelection Select(QuantizableGraph graph, FloatParts inFloat)
    {
        NodeSelection selection = NodeSelector.Select(graph, inFloat);
        Dictionary<NodeProto, DeadNode> found = new(ReferenceEqualityComparer.Instance);
        for (int before = -1; before != found.Count && _sources.Count > 0;)
        {
            before = found.Count;
            foreach (QuantizableNode node in selection.Nodes.Where(
                node => node.Role is NodeRole.Weighted or NodeRole.Product && !selection.WeightOnly.Contains(node)))
            {
                if (Find(node, selection) is { } dead)
                {
                    found.Add(node.Node, dead);
                }
            }

            selection = before == found.Count ? selection : NodeSelector.Select(graph, inFloat, found);
        }

        return selection with
        {
            Notes = selection.Notes with { Dead = [.. graph.Graph.Graph.Node.Where(found.ContainsKey).Select(node => found[node])] }
        };
    }

    /// <summary>Tells the user of the nodes that stay in float; nothing where there are none.</summary>
    public static IEnumerable<Advice> Warn(PlanNotes notes) => notes.Dead.Count == 0
        ? []
        : [CalibrationAdvice.DeadActivations(notes.Dead.Select(dead => dead.Activation).Distinct(), notes.Dead.Select(dead => dead.Node))];

    private DeadNode? Find(QuantizableNode node, NodeSelection selection)
    {
        string? input = node.Inputs.FirstOrDefault(value => _sources.Contains(selection.Sources[value]));
        string? result = input is null
            ? node.Outputs.FirstOrDefault(value => selection.Sources.TryGetValue(value, out string? source) && _sources.Contains(source))
            : null;
        return (input ?? result) is { } activation
            ? new DeadNode(
                node.Label,
                activation,
                $"its {(input is null ? "result" : "input")} '{activation}' was 0 in every calibration sample, so no scale is known")
            : null;
    }
}
