using System.Runtime.InteropServices;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Chooses the nodes that run on codes. Nodes with weights or tables are chosen for themselves; arithmetic and data movement where they lie
/// between chosen nodes, so that codes flow on instead of being turned to float and back.
/// </summary>
internal static class NodeSelector
{
    /// <summary>Why a node stays in float that the user excluded.</summary>
    private const string ExcludedReason = "kept in float as asked";

    /// <summary>Why a node stays in float whose codes would cost too much.</summary>
    private const string FloatActivationReason = "an activation beside it stays in float";

    /// <summary>Chooses nodes of a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="inFloat">What is to stay in float.</param>
    /// <param name="dead">Other nodes to leave in float; null for none.</param>
    public static NodeSelection Select(QuantizableGraph graph, FloatParts inFloat, IReadOnlyDictionary<NodeProto, DeadNode>? dead = null) =>
        // Calibration observes what the whole graph needs: where a node in float cuts a moved value off, its statistics still are those of
        // the value moved.
        Select(graph, inFloat, dead, graph.Whole.Sources);

    /// <summary>Chooses all nodes of a graph that can run on codes.</summary>
    public static NodeSelection SelectAll(QuantizableGraph graph) => Select(graph, FloatParts.None, null, null);

    private static NodeSelection Select(
        QuantizableGraph graph, FloatParts inFloat, IReadOnlyDictionary<NodeProto, DeadNode>? dead,
        IReadOnlyDictionary<string, string>? observed)
    {
        Dictionary<string, string> reasons = [];
        HashSet<QuantizableNode> weightOnly = new(ReferenceEqualityComparer.Instance);
        List<QuantizableNode> candidates = FindCandidates(graph, inFloat, dead, reasons, weightOnly);
        List<QuantizableNode> nodes = KeepConnected(candidates, weightOnly, graph.Graph);
        List<QuantizableNode> onCodes = [.. nodes.Where(node => !weightOnly.Contains(node))];
        PlanNotes notes = new(reasons, []) { Patterns = FloatPatternReasons.Of(graph) };
        return new NodeSelection(nodes, FindSources(onCodes, observed), notes) { WeightOnly = weightOnly };
    }

    /// <summary>Every node that is chosen for itself, and every other one whose inputs are all made by candidates.</summary>
    private static List<QuantizableNode> FindCandidates(
        QuantizableGraph graph,
        FloatParts inFloat,
        IReadOnlyDictionary<NodeProto, DeadNode>? dead,
        Dictionary<string, string> reasons,
        HashSet<QuantizableNode> weightOnly)
    {
        List<QuantizableNode> candidates = [];
        HashSet<string> produced = [];
        foreach (NodeFacts facts in graph.Facts)
        {
            string label = facts.Node.GetLabel();
            string? reason = facts.Reason;
            if (inFloat.Nodes.Contains(label))
            {
                reason = ExcludedReason;
            }
            else if (dead is not null && dead.TryGetValue(facts.Node, out DeadNode? deadNode))
            {
                reason = deadNode.Reason;
            }
            else if (facts.Candidate is { Role: NodeRole.Weighted } weighted && inFloat.WeightOnly.Contains(label))
            {
                candidates.Add(weighted);
                weightOnly.Add(weighted);
            }
            else if (facts.Candidate is { } beside && inFloat.Activations.Count > 0 && IsBesideFloat(beside, graph, inFloat.Activations))
            {
                if (beside.Role == NodeRole.Weighted)
                {
                    candidates.Add(beside);
                    weightOnly.Add(beside);
                }
                else if (beside.Role == NodeRole.Product)
                {
                    reason = FloatActivationReason;
                }
            }
            else if (facts.Candidate is { } candidate && (IsChosenForItself(candidate) || candidate.Inputs.All(produced.Contains)))
            {
                candidates.Add(candidate);
                if (candidate.Role != NodeRole.TableLookup)
                {
                    produced.UnionWith(candidate.Outputs);
                }
            }

            if (reason is not null)
            {
                reasons[label] = reason;
            }

            foreach (string inner in facts.Inner)
            {
                reasons.TryAdd(
                    inner,
                    $"it is inside {facts.Node.Describe()}, and the graphs inside of nodes are quantized from samples "
                        + "alone, not from a calibration");
            }
        }

        return candidates;
    }

    /// <summary>
    /// Whether a node cannot run on codes because an activation stays in float that it reads, or whose codes it would have to make. A node
    /// that need not make codes can hand out floats.
    /// </summary>
    private static bool IsBesideFloat(QuantizableNode node, QuantizableGraph graph, IReadOnlySet<string> activations)
    {
        return node.Inputs.Any(IsFloat) || ((node.NeedsCodedResult || node.Role == NodeRole.Arithmetic) && node.Outputs.Any(IsFloat));

        bool IsFloat(string value) => graph.Whole.Sources.TryGetValue(value, out string? source) && activations.Contains(source);
    }

    /// <summary>Leaves out the nodes that no weighted node follows: past the last of them, float costs nothing and is exact.</summary>
    private static List<QuantizableNode> KeepConnected(
        List<QuantizableNode> candidates, HashSet<QuantizableNode> weightOnly, GraphIndex graph)
    {
        List<QuantizableNode> kept = [];
        HashSet<string> wanted = [];
        foreach (QuantizableNode candidate in Enumerable.Reverse(candidates))
        {
            if (IsChosenForItself(candidate) || (candidate.Outputs.Any(wanted.Contains) && !candidate.Outputs.Any(graph.IsVisibleOutside)))
            {
                kept.Add(candidate);
                wanted.UnionWith(weightOnly.Contains(candidate) ? [] : candidate.Inputs);
            }
        }

        kept.Reverse();
        return kept;
    }

    private static bool IsChosenForItself(QuantizableNode node) =>
        node.Role is NodeRole.Weighted or NodeRole.Product or NodeRole.TableLookup;

    private static Dictionary<string, string> FindSources(List<QuantizableNode> nodes, IReadOnlyDictionary<string, string>? observed)
    {
        HashSet<string> read = [.. nodes.SelectMany(node => node.Inputs)], sources = [.. observed?.Values ?? []];
        Dictionary<string, string> found = [];
        foreach (QuantizableNode node in nodes)
        {
            foreach (string input in node.Inputs)
            {
                found.TryAdd(input, observed?.GetValueOrDefault(input) ?? input);
            }

            if (node.NeedsCodedResult || node.Outputs.Any(read.Contains))
            {
                // All results of a node become codes where one does, or the node would run in float.
                foreach (string output in node.Outputs)
                {
                    ref string? source = ref CollectionsMarshal.GetValueRefOrAddDefault(found, output, out _);
                    source = node.Role == NodeRole.DataMovement ? found[node.Inputs[0]]
                        : sources.Contains(output) ? output
                        // in the whole graph it shares the statistics of what it is copied into
                        : observed?.GetValueOrDefault(output) ?? output;
                }
            }
        }

        foreach (QuantizableNode node in nodes.Where(each => each.CopiesInputs))
        {
            ShareParameters(node, nodes, found);
        }

        return found;
    }

    /// <summary>
    /// Codes of the same parameters are copied. An input gives its own up where nobody else reads it, and where that does not keep an
    /// activation function from being left out: codes that begin at 0 need a range that does.
    /// </summary>
    private static void ShareParameters(QuantizableNode copier, List<QuantizableNode> nodes, Dictionary<string, string> sources)
    {
        QuantizableNode[] makers = [.. nodes.Where(each => copier.Inputs.Contains(each.Output))];
        bool share = makers.All(maker => maker.Role != NodeRole.DataMovement && maker.Last == maker.Node)
            || makers.All(maker => maker.Role != NodeRole.DataMovement && maker.Last != maker.Node);
        foreach (QuantizableNode maker in share ? makers : [])
        {
            if (nodes.Count(each => each.Inputs.Contains(maker.Output)) == 1 && sources.ContainsKey(maker.Output))
            {
                sources[maker.Output] = sources[copier.Output];
            }
        }
    }
}
