using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A graph inside of a node: a branch of If, the body of Loop or Scan.</summary>
/// <param name="Node">The node.</param>
/// <param name="Attribute">The attribute that holds the graph.</param>
/// <param name="Graph">The graph.</param>
internal sealed record NodeBody(NodeProto Node, string Attribute, GraphProto Graph)
{
    /// <summary>What plans and messages call the graph: the node's name and the attribute.</summary>
    public string Path { get; } = $"{Node.GetLabel()}/{Attribute}";

    /// <summary>The kind of the graph; null where it is not known when it runs.</summary>
    public BodyKind? Kind => BodyKinds.Find(Node, Attribute);

    /// <summary>The bodies of a graph's own nodes, in the graph's order.</summary>
    public static IEnumerable<NodeBody> Of(GraphProto graph) => graph.Node.SelectMany(Of);

    /// <summary>The bodies of a node.</summary>
    public static IEnumerable<NodeBody> Of(NodeProto node) =>
        node.Attribute.Where(attribute => attribute.G is not null).Select(attribute => new NodeBody(node, attribute.Name, attribute.G));

    /// <summary>The nodes inside that have weights, at any depth, by path.</summary>
    public IEnumerable<string> WeightedNodes => PathsOf(Graph, WeightSlot.CanHaveWeights).Select(NameInside);

    /// <summary>The path of a node of this body.</summary>
    /// <param name="name">The node's label in the body.</param>
    public string NameInside(string name) => NameInside(Path, name);

    /// <summary>The path of a node of a body.</summary>
    /// <param name="body">The path of the body.</param>
    /// <param name="name">The node's label in the body.</param>
    public static string NameInside(string body, string name) => $"{body}/{name}";

    /// <summary>The bodies inside of a graph, at any depth, by path.</summary>
    public static IEnumerable<string> PathsOf(GraphProto graph) =>
        Of(graph).SelectMany(body => PathsOf(body.Graph).Select(body.NameInside).Prepend(body.Path));

    /// <summary>The nodes of a graph and of the graphs inside, by path.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="wanted">Chooses nodes.</param>
    public static IEnumerable<string> PathsOf(GraphProto graph, Func<NodeProto, bool> wanted) =>
        graph.Node.Where(wanted)
            .Select(GraphExtensions.GetLabel).Concat(Of(graph).SelectMany(body => PathsOf(body.Graph, wanted).Select(body.NameInside)));
}
