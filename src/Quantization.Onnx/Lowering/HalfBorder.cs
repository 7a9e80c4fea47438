using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// What stands at the borders of a graph of 16-bit floats: the model's inputs and outputs, the graphs inside of nodes, and the types that
/// the model tells.
/// </summary>
internal static class HalfBorder
{
    /// <summary>Whether an input or output is of 32-bit floats.</summary>
    public static bool IsFloat(ValueInfoProto value) => value.Type?.TensorType?.ElemType == (int)TensorProto.Types.DataType.Float;

    /// <summary>Gives an input or output 16 bits.</summary>
    public static void Narrow(ValueInfoProto value) => value.Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Float16;

    /// <summary>What the graphs inside a node read, their own values and those around the node.</summary>
    public static IEnumerable<string> Captured(NodeProto node) =>
        node.Subgraphs().SelectMany(GraphExtensions.AllGraphs)
            .SelectMany(graph => graph.Node.SelectMany(inner => inner.Input).Concat(graph.Output.Select(output => output.Name)));

    /// <summary>Gives values other names in the graphs inside a node.</summary>
    public static void RenameCaptured(NodeProto node, IReadOnlyDictionary<string, string> names)
    {
        foreach (GraphProto graph in node.Subgraphs().SelectMany(GraphExtensions.AllGraphs).ToArray())
        {
            foreach (NodeProto inner in graph.Node)
            {
                for (int i = 0; i < inner.Input.Count; i++)
                {
                    inner.Input[i] = names.GetValueOrDefault(inner.Input[i], inner.Input[i]);
                }
            }

            foreach (ValueInfoProto output in graph.Output)
            {
                output.Name = names.GetValueOrDefault(output.Name, output.Name);
            }
        }
    }

    /// <summary>Corrects the types that the model tells of values inside, and drops those of values that it no longer has.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="halves">The names of the values that have 16 bits.</param>
    public static void CorrectTypes(GraphProto graph, IEnumerable<string> halves)
    {
        HashSet<string> narrowed = [.. halves], made = [.. graph.Node.SelectMany(node => node.Output)];
        foreach (ValueInfoProto value in graph.ValueInfo.ToArray())
        {
            if (!made.Contains(value.Name))
            {
                graph.ValueInfo.Remove(value);
            }
            else if (narrowed.Contains(value.Name) && IsFloat(value))
            {
                Narrow(value);
            }
        }
    }
}
