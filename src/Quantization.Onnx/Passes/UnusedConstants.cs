using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Takes constants out of a graph that nothing reads: the float weights, once codes stand for them.</summary>
internal static class UnusedConstants
{
    /// <summary>Removes unread initializers and Constant nodes.</summary>
    public static void Remove(GraphProto graph)
    {
        HashSet<string> read = [.. graph.AllGraphs()
            .SelectMany(each => each.Node.SelectMany(node => node.Input).Concat(each.Output.Select(output => output.Name)))];
        Filter(graph.Initializer, tensor => read.Contains(tensor.Name));
        Filter(graph.Node, node => node.OpType != "Constant" || node.Output.Any(read.Contains));
    }

    private static void Filter<T>(ICollection<T> all, Func<T, bool> keep)
    {
        T[] kept = [.. all.Where(keep)];
        all.Clear();
        foreach (T each in kept)
        {
            all.Add(each);
        }
    }
}
