using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>
/// Derives a plan that leaves more nodes in float from one that does not. Nodes between weighted nodes follow these into float, and values
/// that are cut off from where they were made become codes where they are read. Each node that is left keeps its own encodings.
/// </summary>
/// <param name="graph">What the rules say of the model.</param>
/// <param name="dead">The activations that were 0 in every sample.</param>
internal sealed class PlanExclusion(QuantizableGraph graph, DeadActivations dead)
{
    /// <summary>The plan with more in float.</summary>
    /// <param name="plan">The plan to derive from.</param>
    /// <param name="more">What is to be in float beside what is already.</param>
    public QuantizationPlan Exclude(QuantizationPlan plan, FloatParts more)
    {
        ImmutableHashSet<string> excluded = plan.ExcludedNodes.Union(more.Nodes);
        ImmutableHashSet<string> weightOnly = plan.WeightOnlyNodes.Union(more.WeightOnly);
        ImmutableHashSet<string> floatActivations = plan.FloatActivations.Union(more.Activations);
        if (excluded.Count == plan.ExcludedNodes.Count
            && weightOnly.Count == plan.WeightOnlyNodes.Count
            && floatActivations.Count == plan.FloatActivations.Count)
        {
            return plan;
        }

        NodeSelection selection = dead.Select(graph, new FloatParts(excluded, floatActivations, weightOnly));
        Dictionary<string, NodePlan> before = plan.Nodes.ToDictionary(node => node.Result);
        Dictionary<string, ObservedRange> rules = [];
        foreach (ObservedRange rule in plan.Nodes.SelectMany(node => node.Inputs.Concat(node.Results))
            .Select(each => each.Encoding.Range).OfType<ObservedRange>())
        {
            rules.TryAdd(rule.Source, rule);
        }

        return plan with
        {
            Nodes =
            [
                .. selection.Nodes.Where(node => before.ContainsKey(node.Node.Output[0])).Select(node => selection.WeightOnly.Contains(node)
                    ? before[node.Node.Output[0]] with { Inputs = [], Results = [] }
                    : Restrict(before[node.Node.Output[0]], selection.Sources, rules)),
            ],
            ExcludedNodes = excluded,
            WeightOnlyNodes = weightOnly,
            FloatActivations = floatActivations,
            Notes = selection.Notes,
        };
    }

    /// <summary>The plan of a node with the values that still become codes, and with the statistics that they now take.</summary>
    private NodePlan Restrict(NodePlan node, IReadOnlyDictionary<string, string> sources, Dictionary<string, ObservedRange> rules)
    {
        return node with
        {
            Inputs = [.. node.Inputs.Where(IsCoded).Select(WithSource)],
            Results = [.. node.Results.Where(IsCoded).Select(WithSource)]
        };

        bool IsCoded(ValueEncoding each) => sources.ContainsKey(each.Value);

        ValueEncoding WithSource(ValueEncoding each)
        {
            string source = sources[each.Value];
            if (each.Encoding.Range is not ObservedRange rule || rule.Source == source)
            {
                return each;
            }

            // It was copied into another value, or joined with others there, and took the statistics of the result.
            ObservedRange own = rules.GetValueOrDefault(source)
                ?? rule with { Source = source, Effective = EffectiveRange.Find(source, graph.Graph) };
            return each with { Encoding = each.Encoding with { Range = own } };
        }
    }
}
