using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Operators that a graph gets to be measured: what they compute is small, and becomes outputs.</summary>
internal static class Measurement
{
    /// <summary>Adds the largest magnitude of each channel of an image-like value; its name.</summary>
    public static string AddMagnitudes(GraphProto graph, NameAllocator names, string value)
    {
        NodeProto magnitude = NodeFactory.Make("Abs", [value], names.Next());
        NodeProto largest = NodeFactory.Make("GlobalMaxPool", [magnitude.Output[0]], names.Next());
        InsertBehind(graph, value, magnitude, largest);
        return largest.Output[0];
    }

    /// <summary>Whether the result of a layer has a row for each row of its input, as a Gemm's has.</summary>
    public static bool HasRowsOfInput(NodeProto node) => node.OpType == "Gemm";

    /// <summary>
    /// Adds a layer again with other weights and without a bias; the name of its result, of a Conv that of the means over its positions.
    /// </summary>
    /// <param name="graph">The graph.</param>
    /// <param name="names">Hands out names.</param>
    /// <param name="node">The Conv or Gemm.</param>
    /// <param name="weights">The other weights.</param>
    public static string AddTwin(GraphProto graph, NameAllocator names, NodeProto node, TensorProto weights)
    {
        weights.Name = names.Next();
        graph.Initializer.Add(weights);
        NodeProto twin = node.Clone();
        twin.Name = "";
        twin.Input.Clear();
        twin.Input.Add([node.Input[0], weights.Name]);
        twin.Output[0] = names.Next();
        if (twin.OpType != "Conv")
        {
            InsertBehind(graph, node.Output[0], twin);
            return twin.Output[0];
        }

        NodeProto mean = NodeFactory.Make("GlobalAveragePool", [twin.Output[0]], names.Next());
        InsertBehind(graph, node.Output[0], twin, mean);
        return mean.Output[0];
    }

    /// <summary>Operators at the end of the graph would keep what they read alive until then.</summary>
    private static void InsertBehind(GraphProto graph, string value, params NodeProto[] nodes)
    {
        int position = 0;
        while (!graph.Node[position].Output.Contains(value))
        {
            position++;
        }

        foreach (NodeProto node in nodes)
        {
            graph.Node.Insert(++position, node);
        }
    }
}
