using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Puts the branches of If and the bodies of loops back as they were. ONNX Runtime optimizes them too, and gives each a copy of the weights
/// that it reads from around it: the model would grow.
/// </summary>
internal static class Branches
{
    /// <summary>Replaces every optimized node with graphs inside by the original one of the same results.</summary>
    /// <param name="original">The graph before it was optimized.</param>
    /// <param name="optimized">The graph that gets its nodes back; not to be used where this fails.</param>
    /// <returns>False where such a node has no original, or where a graph inside reads a value that optimization removed.</returns>
    public static bool Restore(GraphProto original, GraphProto optimized)
    {
        Dictionary<string, NodeProto> originals = original.Node.Where(HasGraphs).ToDictionary(node => string.Join('\n', node.Output));
        Dictionary<string, TensorProto> initializers = original.Initializer.ToDictionary(tensor => tensor.Name);
        HashSet<string> known = [.. optimized.Initializer.Select(tensor => tensor.Name), .. optimized.Input.Select(input => input.Name)];
        for (int i = 0; i < optimized.Node.Count; i++)
        {
            if (HasGraphs(optimized.Node[i]))
            {
                if (!originals.TryGetValue(string.Join('\n', optimized.Node[i].Output), out NodeProto? node))
                {
                    return false;
                }

                optimized.Node[i] = node.Clone();
                foreach (string value in node.Input.Concat(Captured(node)).Where(value => value.Length > 0 && !known.Contains(value)))
                {
                    if (!initializers.TryGetValue(value, out TensorProto? tensor))
                    {
                        return false;
                    }

                    known.Add(value);
                    optimized.Initializer.Add(tensor);
                }
            }

            known.UnionWith(optimized.Node[i].Output);
        }

        return true;
    }

    private static bool HasGraphs(NodeProto node) => node.Subgraphs().Any();

    /// <summary>What the graphs inside a node read from around it.</summary>
    private static HashSet<string> Captured(NodeProto node) => CapturedBy(node.Subgraphs());

    /// <summary>What graphs inside of a node read from around it.</summary>
    public static HashSet<string> CapturedBy(IEnumerable<GraphProto> bodies)
    {
        GraphProto[] graphs = [.. bodies.SelectMany(GraphExtensions.AllGraphs)];
        HashSet<string> read =
            [.. graphs.SelectMany(graph => graph.Node.SelectMany(inner => inner.Input).Concat(graph.Output.Select(output => output.Name)))];
        read.ExceptWith(graphs.SelectMany(graph =>
            graph.Node.SelectMany(inner => inner.Output)
                .Concat(graph.Initializer.Select(tensor => tensor.Name)).Concat(graph.Input.Select(input => input.Name))));
        return read;
    }
}
