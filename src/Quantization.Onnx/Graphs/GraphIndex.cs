using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Who makes and who reads each value of a graph.</summary>
internal sealed class GraphIndex
{
    private readonly Dictionary<string, NodeProto> _producers = [];
    private readonly Dictionary<string, List<NodeProto>> _consumers = [];
    private readonly Dictionary<string, TensorProto> _constants = [];
    private readonly HashSet<string> _outputs;
    private readonly HashSet<string> _captured;
    private readonly GraphIndex? _outer;

    /// <param name="graph">The graph.</param>
    /// <param name="outer">
    /// The graph around it, whose values it can read; null for a model's main graph, or where they do not matter.
    /// </param>
    public GraphIndex(GraphProto graph, GraphIndex? outer = null)
    {
        _outer = outer;
        Graph = graph;
        _outputs = [.. graph.Output.Select(output => output.Name)];
        _captured = [.. graph.Node.SelectMany(GraphExtensions.Subgraphs).SelectMany(GraphExtensions.AllGraphs)
            .SelectMany(inner => inner.Node).SelectMany(node => node.Input)];
        foreach (TensorProto initializer in graph.Initializer)
        {
            _constants[initializer.Name] = initializer;
        }

        foreach (NodeProto node in graph.Node)
        {
            foreach (string output in node.Output)
            {
                _producers[output] = node;
            }

            if (node.OpType == "Constant" && Opset.IsOnnx(node.Domain) && node.Attribute is [{ Name: "value", T: not null }])
            {
                _constants[node.Output[0]] = node.Attribute[0].T;
            }

            foreach (string input in node.Input.Where(name => name.Length > 0).Distinct())
            {
                if (!_consumers.TryGetValue(input, out List<NodeProto>? readers))
                {
                    _consumers[input] = readers = [];
                }

                readers.Add(node);
            }
        }
    }

    public GraphProto Graph { get; }

    /// <summary>The known functions that nodes of this graph compute together.</summary>
    public FloatPatterns Patterns => field ??= FloatPatterns.Find(this);

    /// <summary>The node that makes a value; null for inputs and initializers.</summary>
    public NodeProto? FindProducer(string value) => _producers.GetValueOrDefault(value);

    /// <summary>The nodes of this graph that read a value, each once.</summary>
    public IReadOnlyList<NodeProto> Consumers(string value) => _consumers.TryGetValue(value, out List<NodeProto>? readers) ? readers : [];

    /// <summary>The stored tensor behind a value: an initializer or a Constant node's; null for what is computed.</summary>
    public TensorProto? FindConstant(string value) => _constants.GetValueOrDefault(value) ?? _outer?.FindConstant(value);

    /// <summary>Whether a value is a stored tensor of a graph around this one.</summary>
    public bool IsOuterConstant(string value) => !_constants.ContainsKey(value) && _outer?.FindConstant(value) is not null;

    /// <summary>Whether somebody outside the graph's own nodes sees the value: the caller, or a graph inside a node.</summary>
    public bool IsVisibleOutside(string value) => _outputs.Contains(value) || _captured.Contains(value);

    /// <summary>Whether a graph inside a node reads the value.</summary>
    public bool IsCaptured(string value) => _captured.Contains(value);
}
