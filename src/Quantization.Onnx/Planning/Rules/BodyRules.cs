using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Asks rules about the nodes of a graph and of the graphs inside them: the branches of If, the bodies of Loop and Scan. For forms that
/// need to know nothing of activations.
/// </summary>
internal static class BodyRules
{
    /// <summary>Why a node of a body stays in float whose result has the name of another one's.</summary>
    private const string SameName = "another node makes a value of the same name, and plans tell nodes apart by it";

    /// <summary>What rules say of each node; those of a body stand right behind the node that holds it.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="ask">The rules: a node, and the graph that it is in.</param>
    public static IReadOnlyList<NodeFacts> Ask(GraphIndex graph, Func<NodeProto, GraphIndex, NodeFacts> ask)
    {
        HashSet<string> shared =
            [.. graph.Graph.AllGraphs().SelectMany(each => each.Node).SelectMany(node => node.Output).CountBy(name => name)
                .Where(each => each.Value > 1).Select(each => each.Key)];
        return [.. Ask(graph, ask, shared, isBody: false)];
    }

    private static IEnumerable<NodeFacts> Ask(
        GraphIndex graph, Func<NodeProto, GraphIndex, NodeFacts> ask, HashSet<string> shared, bool isBody)
    {
        foreach (NodeProto node in graph.Graph.Node)
        {
            NodeFacts facts = ask(node, graph) with { Inner = [] };
            yield return !isBody || facts.Candidate is null ? facts
                : shared.Contains(node.Output[0]) ? facts with { Candidate = null, Reason = SameName }
                : facts with { Candidate = facts.Candidate with { IsInBody = true } };
            foreach (NodeFacts inner in node.Subgraphs().SelectMany(body => Ask(new GraphIndex(body, graph), ask, shared, isBody: true)))
            {
                yield return inner;
            }
        }
    }
}
