using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Walks through a graph and the graphs inside its nodes.</summary>
internal static class GraphExtensions
{
    /// <summary>The graph, then every graph that a node of it holds, at any depth.</summary>
    public static IEnumerable<GraphProto> AllGraphs(this GraphProto graph)
    {
        yield return graph;
        foreach (NodeProto node in graph.Node)
        {
            foreach (GraphProto inner in node.Subgraphs().SelectMany(AllGraphs))
            {
                yield return inner;
            }
        }
    }

    /// <summary>The graphs that a node holds itself: the branches of If, the body of Loop.</summary>
    public static IEnumerable<GraphProto> Subgraphs(this NodeProto node)
    {
        foreach (AttributeProto attribute in node.Attribute)
        {
            if (attribute.G is not null)
            {
                yield return attribute.G;
            }

            foreach (GraphProto graph in attribute.Graphs)
            {
                yield return graph;
            }
        }
    }

    /// <summary>Every tensor stored in the graph, at any depth.</summary>
    public static IEnumerable<TensorProto> AllTensors(this GraphProto graph)
    {
        foreach (GraphProto each in graph.AllGraphs())
        {
            IEnumerable<TensorProto> inAttributes = each.Node.SelectMany(node => node.Attribute).SelectMany(attribute =>
                attribute.T is null ? attribute.Tensors : attribute.Tensors.Prepend(attribute.T));
            foreach (TensorProto tensor in each.Initializer.Concat(each.SparseInitializer.Select(sparse => sparse.Values)).Concat(inAttributes))
            {
                if (tensor is not null)
                {
                    yield return tensor;
                }
            }
        }
    }

    /// <summary>An integer attribute, or its default where the node does not set it.</summary>
    public static long GetInt(this NodeProto node, string name, long absent) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { } found ? found.I : absent;

    /// <summary>A text attribute, or its default where the node does not set it.</summary>
    public static string GetText(this NodeProto node, string name, string absent) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { } found ? found.S.ToStringUtf8() : absent;

    /// <summary>A float attribute, or its default where the node does not set it.</summary>
    public static float GetFloat(this NodeProto node, string name, float absent) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { } found ? found.F : absent;

    /// <summary>What a node goes by: its name, or its first output where it has none.</summary>
    public static string GetLabel(this NodeProto node) => node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault() ?? "";

    /// <summary>What messages call a node: its label and operator.</summary>
    public static string Describe(this NodeProto node) =>
        $"'{node.GetLabel()}' ({(Opset.IsOnnx(node.Domain) ? "" : node.Domain + ".")}{node.OpType})";
}
