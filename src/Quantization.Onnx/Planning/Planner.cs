using System.Runtime.InteropServices;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Chooses the nodes to quantize. Conv, ConvTranspose, Gemm and MatMul with constant weights and Gather from a constant table are chosen for themselves; Add, pooling and movers where they lie between chosen nodes,
/// so that codes flow on instead of being turned to float and back.
/// </summary>
internal static class Planner
{
    /// <summary>Plans a cleaned graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="target">What the model will run on.</param>
    /// <param name="keepInFloat">Says of a node's label whether to leave the node in float; null for none.</param>
    /// <param name="dead">Other nodes to leave in float; null for none.</param>
    public static QuantizationPlan Plan(GraphIndex graph, Target target, Func<string, bool>? keepInFloat = null, IReadOnlyDictionary<NodeProto, DeadNode>? dead = null)
    {
        Dictionary<string, string> inFloat = [];
        List<PlannedNode> candidates = FindCandidates(graph, target, keepInFloat, dead, inFloat);
        List<PlannedNode> nodes = KeepConnected(candidates, graph);

        // Calibration observes what the whole plan needs: where a node in float cuts a moved value off, its statistics still are those of the value moved.
        IReadOnlyDictionary<string, string>? observed = keepInFloat is null ? null : Plan(graph, target).Activations;
        Dictionary<string, string> activations = FindActivations(nodes, observed);
        return new QuantizationPlan(nodes, activations, inFloat) { EffectiveRanges = FindEffectiveRanges(activations, graph) };
    }

    /// <summary>Every weighted node, and every other one whose inputs are all made by candidates.</summary>
    private static List<PlannedNode> FindCandidates(
        GraphIndex graph, Target target, Func<string, bool>? keepInFloat, IReadOnlyDictionary<NodeProto, DeadNode>? dead, Dictionary<string, string> inFloat)
    {
        List<PlannedNode> candidates = [];
        HashSet<string> floats = target.GainsFromProducts ? FloatValues.Find(graph.Graph) : [];
        HashSet<string> produced = [];
        foreach (NodeProto node in graph.Graph.Node)
        {
            WeightSlot? weight = WeightSlot.Find(node, graph, target, out string? reason);
            WeightSlot? table = reason is null && weight is null ? EmbeddingTable.Find(node, graph, target, out reason) : null;
            if (keepInFloat is not null && keepInFloat(node.GetLabel()))
            {
                reason = "kept in float as asked";
            }
            else if (dead is not null && dead.TryGetValue(node, out DeadNode? deadNode))
            {
                reason = deadNode.Reason;
            }
            else if (weight is not null)
            {
                candidates.Add(new PlannedNode(node, NodeRole.Weighted, [node.Input[0]], FindLast(node, graph)) { Weight = weight });
            }
            else if (table is not null)
            {
                candidates.Add(new PlannedNode(node, NodeRole.TableLookup, [], node) { Weight = table });
            }
            else if (IsProduct(node, graph) && node.Input.All(floats.Contains))
            {
                reason = null;
                candidates.Add(new PlannedNode(node, NodeRole.Product, [.. node.Input], FindLast(node, graph)));
            }
            else if (FindConnecting(node, graph, target) is { } connecting && connecting.Inputs.All(produced.Contains))
            {
                candidates.Add(connecting);
            }

            if (reason is not null)
            {
                inFloat[node.GetLabel()] = reason;
            }

            foreach (NodeProto inner in node.Subgraphs().SelectMany(GraphExtensions.AllGraphs).SelectMany(inner => inner.Node).Where(WeightSlot.CanHaveWeights))
            {
                inFloat.TryAdd(inner.GetLabel(), $"it is inside {node.Describe()}, which stays as it is");
            }

            if (candidates is [.., { Role: not NodeRole.TableLookup } last] && last.Node == node)
            {
                produced.UnionWith(last.Outputs);
            }
        }

        return candidates;
    }

    /// <summary>Leaves out the nodes that no weighted node follows: past the last of them, float costs nothing and is exact.</summary>
    private static List<PlannedNode> KeepConnected(List<PlannedNode> candidates, GraphIndex graph)
    {
        List<PlannedNode> kept = [];
        HashSet<string> wanted = [];
        foreach (PlannedNode candidate in Enumerable.Reverse(candidates))
        {
            if (candidate.Role is NodeRole.Weighted or NodeRole.Product or NodeRole.TableLookup || (candidate.Outputs.Any(wanted.Contains) && !candidate.Outputs.Any(graph.IsVisibleOutside)))
            {
                kept.Add(candidate);
                wanted.UnionWith(candidate.Inputs);
            }
        }

        kept.Reverse();
        return kept;
    }

    private static Dictionary<string, string> FindActivations(List<PlannedNode> nodes, IReadOnlyDictionary<string, string>? observed)
    {
        HashSet<string> read = [.. nodes.SelectMany(node => node.Inputs)], sources = [.. observed?.Values ?? []];
        Dictionary<string, string> activations = [];
        foreach (PlannedNode node in nodes)
        {
            foreach (string input in node.Inputs)
            {
                activations.TryAdd(input, observed?.GetValueOrDefault(input) ?? input);
            }

            if (node.NeedsCodedResult || node.Outputs.Any(read.Contains))
            {
                // All of a Split's results become codes where one does, or it would run in float.
                foreach (string output in node.Outputs)
                {
                    ref string? source = ref CollectionsMarshal.GetValueRefOrAddDefault(activations, output, out _);
                    source = node.Role == NodeRole.DataMovement ? activations[node.Inputs[0]]
                        : sources.Contains(output) ? output
                        : observed?.GetValueOrDefault(output) ?? output; // it shares another's statistics in the whole plan, where a Concat follows
                }
            }
        }

        foreach (PlannedNode node in nodes.Where(each => each.Node.OpType == "Concat"))
        {
            ShareParameters(node, nodes, activations);
        }

        return activations;
    }

    private static Dictionary<string, EffectiveRange> FindEffectiveRanges(Dictionary<string, string> activations, GraphIndex graph)
    {
        Dictionary<string, EffectiveRange> effective = [];
        foreach (string source in activations.Values.Distinct())
        {
            if (EffectiveRange.Find(source, graph) is { } range)
            {
                effective.Add(source, range);
            }
        }

        return effective;
    }

    /// <summary>
    /// Codes of the same parameters are concatenated by copying. An input gives its own up where nobody else reads it, and where that does not hinder a Relu from being left out: codes that begin at 0 need a
    /// range that does.
    /// </summary>
    private static void ShareParameters(PlannedNode concat, List<PlannedNode> nodes, Dictionary<string, string> activations)
    {
        PlannedNode[] makers = [.. nodes.Where(each => concat.Inputs.Contains(each.Output))];
        bool share = makers.All(maker => maker.Role != NodeRole.DataMovement && maker.Last == maker.Node) || makers.All(maker => maker.Role != NodeRole.DataMovement && maker.Last != maker.Node);
        foreach (PlannedNode maker in share ? makers : [])
        {
            if (nodes.Count(each => each.Inputs.Contains(maker.Output)) == 1 && activations.ContainsKey(maker.Output))
            {
                activations[maker.Output] = activations[concat.Output];
            }
        }
    }

    private static PlannedNode? FindConnecting(NodeProto node, GraphIndex graph, Target target)
    {
        if (ConstantOperand.Find(node, graph) is { } constant)
        {
            string computed = node.Input[1 - constant.Input];
            return AddsToProduct(constant, computed, graph) ? null : new PlannedNode(node, NodeRole.Arithmetic, [computed], FindLast(node, graph)) { Constant = constant };
        }

        return OperatorRules.Find(node)?.Role switch
        {
            NodeRole.DataMovement => new PlannedNode(node, NodeRole.DataMovement, [node.Input[0]], node),
            NodeRole.Arithmetic => new PlannedNode(node, NodeRole.Arithmetic, [.. node.Input], FindLast(node, graph)),
            _ when target.HasIntegerInterpolation && node.OpType == "Resize" && Opset.IsOnnx(node.Domain) => new PlannedNode(node, NodeRole.Arithmetic, [node.Input[0]], FindLast(node, graph)),
            _ => null,
        };
    }

    private static bool IsProduct(NodeProto node, GraphIndex graph) => node.OpType == "MatMul" && Opset.IsOnnx(node.Domain) && node.Input.All(input => graph.FindConstant(input) is null);

    /// <summary>ONNX Runtime adds the bias behind a MatMul to the float that its integers give, which is as fast and finer than codes of both.</summary>
    private static bool AddsToProduct(ConstantOperand constant, string computed, GraphIndex graph) => constant.OperatorType == "Add" && graph.FindProducer(computed) is { OpType: "MatMul" };

    /// <summary>A Relu or Clip that alone reads the result and cuts at 0 is superfluous once the result's codes begin at 0: ONNX Runtime leaves it out.</summary>
    private static NodeProto FindLast(NodeProto node, GraphIndex graph)
    {
        string output = node.Output[0];
        return !graph.IsVisibleOutside(output) && graph.Consumers(output) is [{ } next] && Opset.IsOnnx(next.Domain)
            && (next.OpType == "Relu" || (next.OpType == "Clip" && CutsAtZero(next, graph))) ? next : node;
    }

    private static bool CutsAtZero(NodeProto clip, GraphIndex graph) =>
        clip.Input.Count > 1 && graph.FindConstant(clip.Input[1]) is { } least && least.IsFloat()
        && (least.HasRawData ? !least.RawData.Span.ContainsAnyExcept((byte)0) : !least.FloatData.Any(value => value != 0));
}
