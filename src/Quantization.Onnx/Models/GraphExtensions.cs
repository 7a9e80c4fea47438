using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Walks through a graph and the graphs inside its nodes.</summary>
internal static class GraphExtensions
{
    /// <summary>
    /// The graph, then every graph that a node of it holds, at any depth. No recursion: neither stack nor time grows with the depth.
    /// </summary>
    public static IEnumerable<GraphProto> AllGraphs(this GraphProto graph)
    {
        Stack<GraphProto> rest = new([graph]);
        while (rest.TryPop(out GraphProto? next))
        {
            yield return next;
            foreach (GraphProto inner in next.Node.SelectMany(Subgraphs).Reverse())
            {
                rest.Push(inner);
            }
        }
    }

    /// <summary>The graphs that a node holds itself: the branches of If, the body of Loop.</summary>
    public static IEnumerable<GraphProto> Subgraphs(this NodeProto node) => node.Attribute.SelectMany(Subgraphs);

    /// <summary>The graphs that are the value of an attribute.</summary>
    public static IEnumerable<GraphProto> Subgraphs(this AttributeProto attribute) =>
        attribute.G is null ? attribute.Graphs : attribute.Graphs.Prepend(attribute.G);

    /// <summary>Every graph inside a function, at any depth: in its nodes and in the defaults of its attributes.</summary>
    public static IEnumerable<GraphProto> AllGraphs(this FunctionProto function) =>
        function.Node.SelectMany(Subgraphs).Concat(function.AttributeProto.SelectMany(Subgraphs)).SelectMany(AllGraphs);

    /// <summary>Every graph of a model, at any depth: the main one and those inside of nodes, of functions too.</summary>
    public static IEnumerable<GraphProto> AllGraphs(this ModelProto model) =>
        model.Graph.AllGraphs().Concat(model.Functions.SelectMany(AllGraphs));

    /// <summary>Every node of a model, at any depth, those of its functions included.</summary>
    public static IEnumerable<NodeProto> AllNodes(this ModelProto model) =>
        model.AllGraphs().SelectMany(graph => graph.Node).Concat(model.Functions.SelectMany(function => function.Node));

    /// <summary>Every tensor stored in a model, at any depth.</summary>
    public static IEnumerable<TensorProto> AllTensors(this ModelProto model) =>
        model.AllGraphs().SelectMany(StoredTensors)
            .Concat(model.AllNodes().SelectMany(node => node.Attribute)
                .Concat(model.Functions.SelectMany(function => function.AttributeProto)).SelectMany(StoredTensors));

    /// <summary>The tensors that a graph stores itself, not those of its nodes.</summary>
    public static IEnumerable<TensorProto> StoredTensors(this GraphProto graph) =>
        graph.Initializer.Concat(graph.SparseInitializer.SelectMany(Parts));

    /// <summary>The tensors that an attribute stores.</summary>
    public static IEnumerable<TensorProto> StoredTensors(this AttributeProto attribute)
    {
        IEnumerable<SparseTensorProto> sparse =
            attribute.SparseTensor is null ? attribute.SparseTensors : attribute.SparseTensors.Prepend(attribute.SparseTensor);
        return (attribute.T is null ? attribute.Tensors : attribute.Tensors.Prepend(attribute.T)).Concat(sparse.SelectMany(Parts));
    }

    private static IEnumerable<TensorProto> Parts(SparseTensorProto sparse) =>
        ((TensorProto?[])[sparse.Values, sparse.Indices]).OfType<TensorProto>();

    /// <summary>An integer attribute, or its default where the node does not set it.</summary>
    public static long GetInt(this NodeProto node, string name, long absent) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { } found ? found.I : absent;

    /// <summary>An attribute of so many integers, or its default for each of them where the node does not set it.</summary>
    public static long[] GetInts(this NodeProto node, string name, int count, long absent) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name && attribute.Ints.Count == count) is { } found
            ? [.. found.Ints]
            : [.. Enumerable.Repeat(absent, count)];

    /// <summary>A text attribute, or its default where the node does not set it.</summary>
    public static string GetText(this NodeProto node, string name, string absent) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { } found ? found.S.ToStringUtf8() : absent;

    /// <summary>A float attribute, or its default where the node does not set it.</summary>
    public static float GetFloat(this NodeProto node, string name, float absent) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { } found ? found.F : absent;

    /// <summary>A node's label: its name, or its first output if it has none.</summary>
    public static string GetLabel(this NodeProto node) => node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault() ?? "";

    /// <summary>What messages call a node: its label and operator.</summary>
    public static string Describe(this NodeProto node) =>
        $"'{node.GetLabel()}' ({(Opset.IsOnnx(node.Domain) ? "" : node.Domain + ".")}{node.OpType})";
}
