using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Takes nodes out of a graph that lead to none of its outputs: ONNX Runtime computes them all the same.</summary>
internal static class DeadNodes
{
    /// <summary>Removes the nodes, and the constants that were theirs alone.</summary>
    public static void Remove(GraphProto graph)
    {
        HashSet<string> wanted = [.. graph.Output.Select(output => output.Name)];
        List<NodeProto> kept = [];
        foreach (NodeProto node in graph.Node.Reverse())
        {
            if (node.Output.Any(wanted.Contains))
            {
                kept.Add(node);
                wanted.UnionWith(node.Input);
                wanted.UnionWith(node.Subgraphs().SelectMany(GraphExtensions.AllGraphs)
                    .SelectMany(inner => inner.Node.SelectMany(each => each.Input).Concat(inner.Output.Select(output => output.Name))));
            }
        }

        kept.Reverse();
        graph.Node.Clear();
        graph.Node.Add(kept);
        UnusedConstants.Remove(graph);
    }
}
