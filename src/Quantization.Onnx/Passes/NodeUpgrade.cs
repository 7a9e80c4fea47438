using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A node on its way into a newer operator set, with what its rewriting needs to know and to add.</summary>
internal sealed class NodeUpgrade(
    string modelPath, GraphProto graph, NodeProto node, NameAllocator names, IReadOnlyDictionary<string, int> ranks)
{
    public NodeProto Node => node;

    /// <summary>The operator set that the node is brought to.</summary>
    public long Version { get; init; } = Opset.PerChannel;

    /// <summary>Nodes to put before this one.</summary>
    public List<NodeProto> Before { get; } = [];

    /// <summary>Nodes to put after this one.</summary>
    public List<NodeProto> After { get; } = [];

    /// <summary>
    /// The number of axes of the node's input, which most operators hand on to their output; null where the model does not say.
    /// </summary>
    public int? Rank => ranks.TryGetValue(node.Input[0], out int rank) || ranks.TryGetValue(node.Output[0], out rank) ? rank : null;

    /// <summary>Takes an attribute off the node.</summary>
    public bool Take(string name, [NotNullWhen(true)] out AttributeProto? attribute)
    {
        attribute = node.Attribute.FirstOrDefault(each => each.Name == name);
        return attribute is not null && node.Attribute.Remove(attribute);
    }

    /// <summary>A name that the model does not use yet.</summary>
    public string NewName() => names.Next();

    /// <summary>Adds a list of integers to the graph; its name.</summary>
    public string Add(params IReadOnlyCollection<long> values) =>
        Add(TensorData.Make<long>(TensorProto.Types.DataType.Int64, [.. values], values.Count));

    /// <summary>Adds one float to the graph; its name.</summary>
    public string Add(float value) => Add(TensorData.Make<float>(TensorProto.Types.DataType.Float, [value]));

    /// <summary>Adds a list of floats to the graph; its name.</summary>
    public string Add(IReadOnlyCollection<float> values) =>
        Add(TensorData.Make<float>(TensorProto.Types.DataType.Float, [.. values], values.Count));

    /// <summary>The stored float values behind an input; null where they are computed.</summary>
    public float[]? FindFloats(string input)
    {
        TensorProto? tensor = graph.Initializer.FirstOrDefault(each => each.Name == input)
            ?? graph.Node.FirstOrDefault(each => each.OpType == "Constant" && each.Output.Contains(input))?.Attribute.FirstOrDefault()?.T;
        return tensor is not null && tensor.IsFloat() ? tensor.ReadFloats() : null;
    }

    /// <summary>The error for a node that the newer operator set has no equivalent of.</summary>
    public OnnxModelException Impossible(string why) =>
        new(
            modelPath,
            string.Create(
                CultureInfo.InvariantCulture,
                $"node {node.Describe()} cannot be brought to operator set {Version}, which quantization needs: {why}; export the model "
                    + $"with operator set {Version} or later."),
            node.Name);

    private string Add(TensorProto tensor)
    {
        tensor.Name = names.Next();
        graph.Initializer.Add(tensor);
        return tensor.Name;
    }
}
