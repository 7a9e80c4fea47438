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

    /// <summary>Every graph of a model, at any depth: the main one and those inside of nodes, of functions too.</summary>
    public static IEnumerable<GraphProto> AllGraphs(this ModelProto model)
    {
        IEnumerable<GraphProto> inFunctions = model.Functions.SelectMany(function => function.Node).SelectMany(Subgraphs).SelectMany(AllGraphs);
        return model.Graph.AllGraphs().Concat(inFunctions);
    }

    /// <summary>Every node of a model, at any depth, those of its functions included.</summary>
    public static IEnumerable<NodeProto> AllNodes(this ModelProto model) => model.AllGraphs().SelectMany(graph => graph.Node).Concat(model.Functions.SelectMany(function => function.Node));

    /// <summary>Every tensor stored in a model, at any depth.</summary>
    public static IEnumerable<TensorProto> AllTensors(this ModelProto model) =>
        model.AllGraphs().SelectMany(graph => graph.Initializer.Concat(graph.SparseInitializer.Select(sparse => sparse.Values)))
            .Concat(model.AllNodes().SelectMany(node => node.Attribute).SelectMany(attribute => attribute.T is null ? attribute.Tensors : attribute.Tensors.Prepend(attribute.T)))
            .Where(tensor => tensor is not null);

    /// <summary>An integer attribute, or its default where the node does not set it.</summary>
    public static long GetInt(this NodeProto node, string name, long absent) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { } found ? found.I : absent;

    /// <summary>An attribute of so many integers, or its default for each of them where the node does not set it.</summary>
    public static long[] GetInts(this NodeProto node, string name, int count, long absent) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name && attribute.Ints.Count == count) is { } found ? [.. found.Ints] : [.. Enumerable.Repeat(absent, count)];

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
