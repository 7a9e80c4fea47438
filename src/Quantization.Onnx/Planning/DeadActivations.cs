using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The activations that were 0 in every calibration sample, or had no values. Nothing tells their scale, and the bias of a layer is rounded to steps of its input's scale: an arbitrary scale can round the bias away.
/// So nodes that multiply stay in float where they read or make such an activation.
/// </summary>
internal sealed class DeadActivations
{
    /// <summary>How many names a message lists.</summary>
    private const int MostNames = 5;

    private readonly HashSet<string> _sources;

    private DeadActivations(IEnumerable<string> sources)
    {
        _sources = [.. sources];
    }

    /// <summary>Finds the dead activations of a calibration.</summary>
    public static DeadActivations Of(ModelCalibration calibration) => new(calibration.Activations.Where(each => each.Value.Count == each.Value.ZeroCount).Select(each => each.Key));

    /// <summary>Plans a cleaned graph, without the nodes that multiply dead activations or make them.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="target">What the model will run on.</param>
    /// <param name="keepInFloat">Says of a node's label whether to leave the node in float.</param>
    public QuantizationPlan Plan(GraphIndex graph, Target target, Func<string, bool> keepInFloat)
    {
        QuantizationPlan plan = Planner.Plan(graph, target, keepInFloat);
        Dictionary<NodeProto, DeadNode> found = new(ReferenceEqualityComparer.Instance);
        for (int before = -1; before != found.Count && _sources.Count > 0;)
        {
            before = found.Count;
            foreach (PlannedNode node in plan.Nodes.Where(node => node.Role is NodeRole.Weighted or NodeRole.Product))
            {
                if (Find(node, plan) is { } dead)
                {
                    found.Add(node.Node, dead);
                }
            }

            plan = before == found.Count ? plan : Planner.Plan(graph, target, keepInFloat, found);
        }

        return plan with { Dead = [.. graph.Graph.Node.Where(found.ContainsKey).Select(node => found[node])] };
    }

    /// <summary>Tells the user of the nodes that stay in float, in one sentence; none where there are none.</summary>
    public static IEnumerable<string> Warn(QuantizationPlan plan)
    {
        string[] activations = [.. plan.Dead.Select(dead => dead.Activation).Distinct()], nodes = [.. plan.Dead.Select(dead => dead.Node)];
        if (nodes.Length > 0)
        {
            (string what, string were, string they, string are) = activations.Length == 1 ? ("activation", "was", "it", "is") : ("activations", "were", "they", "are");
            yield return $"The {what} {List(activations)} {were} 0 in every calibration sample, which tells no scale, so the {(nodes.Length == 1 ? "node" : "nodes")} {List(nodes)} "
                + $"{(nodes.Length == 1 ? "stays" : "stay")} in float: calibrate on samples in which {they} {are} not 0, or do nothing if {they} always {are}.";
        }
    }

    private DeadNode? Find(PlannedNode node, QuantizationPlan plan)
    {
        string? input = node.Inputs.FirstOrDefault(value => _sources.Contains(plan.Activations[value]));
        string? result = input is null ? node.Outputs.FirstOrDefault(value => plan.Activations.TryGetValue(value, out string? source) && _sources.Contains(source)) : null;
        return (input ?? result) is { } activation
            ? new DeadNode(node.Node.GetLabel(), activation, $"its {(input is null ? "result" : "input")} '{activation}' was 0 in every calibration sample, which tells no scale")
            : null;
    }

    private static string List(string[] names)
    {
        string listed = string.Join(", ", names.Take(MostNames).Select(name => $"'{name}'"));
        return names.Length <= MostNames ? listed : FormattableString.Invariant($"{listed} and {names.Length - MostNames} more");
    }
}
