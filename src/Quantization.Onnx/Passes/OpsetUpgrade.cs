using System.Collections.Frozen;
using System.Globalization;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Raises a model's operator set to the one that per-channel quantization needs. Only the operators listed here changed their form or
/// meaning on the way; the others take the raised import as it is. What changed when: the operators' change log in the ONNX specification.
/// </summary>
internal static class OpsetUpgrade
{
    /// <summary>The first version that ONNX Runtime runs with all its operators' attributes as they are read here.</summary>
    private const long Oldest = 6;

    /// <summary>The version of the file format that has codes of 4 bits.</summary>
    private const long IrOfBlocks = 10;

    /// <summary>
    /// The version in which an operator last changed, up to <see cref="Opset.PerChannel"/>, and what brings an older node into its new
    /// form.
    /// </summary>
    private static readonly FrozenDictionary<string, (long Version, Action<NodeUpgrade> Lift)> Changed =
        new Dictionary<string, (long, Action<NodeUpgrade>)>
        {
            ["Add"] = (7, OperatorUpgrades.Broadcast),
            ["And"] = (7, OperatorUpgrades.Broadcast),
            ["BatchNormalization"] = (9, OperatorUpgrades.BatchNormalization),
            ["Clip"] = (11, OperatorUpgrades.Clip),
            ["Div"] = (7, OperatorUpgrades.Broadcast),
            ["Dropout"] = (12, OperatorUpgrades.Dropout),
            ["Equal"] = (7, OperatorUpgrades.Broadcast),
            ["Gemm"] = (7, OperatorUpgrades.Broadcast),
            ["Greater"] = (7, OperatorUpgrades.Broadcast),
            ["Hardmax"] = (13, OperatorUpgrades.Normalization),
            ["Less"] = (7, OperatorUpgrades.Broadcast),
            ["LogSoftmax"] = (13, OperatorUpgrades.Normalization),
            ["Mul"] = (7, OperatorUpgrades.Broadcast),
            ["Or"] = (7, OperatorUpgrades.Broadcast),
            ["Pad"] = (11, OperatorUpgrades.Pad),
            ["Pow"] = (7, OperatorUpgrades.Broadcast),
            ["ReduceSum"] = (13, OperatorUpgrades.Axes),
            ["Resize"] = (11, OperatorUpgrades.Resize),
            ["Scan"] = (9, OperatorUpgrades.Impossible),
            ["Scatter"] = (11, OperatorUpgrades.Scatter),
            ["Slice"] = (10, OperatorUpgrades.Slice),
            ["Softmax"] = (13, OperatorUpgrades.Normalization),
            ["Split"] = (13, OperatorUpgrades.Split),
            ["Squeeze"] = (13, OperatorUpgrades.Axes),
            ["Sub"] = (7, OperatorUpgrades.Broadcast),
            ["TopK"] = (10, OperatorUpgrades.TopK),
            ["Unsqueeze"] = (13, OperatorUpgrades.Axes),
            ["Upsample"] = (10, OperatorUpgrades.Upsample),
            ["Xor"] = (7, OperatorUpgrades.Broadcast),
        }.ToFrozenDictionary();

    /// <summary>Raises the import in place and rewrites the nodes that need it, in the graph and in the graphs inside its nodes.</summary>
    /// <exception cref="OnnxModelException">The model is too old, or a node has no equal in the new operator set.</exception>
    public static void Apply(string modelPath, ModelProto model) => Apply(modelPath, model, Opset.PerChannel);

    /// <summary>Raises the import to a version, up to <see cref="Opset.Blocks"/>.</summary>
    /// <inheritdoc cref="Apply(string, ModelProto)"/>
    public static void Apply(string modelPath, ModelProto model, long version)
    {
        OperatorSetIdProto import = Opset.Find(model)!;
        model.IrVersion = Math.Max(model.IrVersion, version >= Opset.Blocks ? IrOfBlocks : 0);
        if (import.Version >= version)
        {
            return;
        }

        if (import.Version < Oldest)
        {
            throw new OnnxModelException(
                modelPath,
                string.Create(CultureInfo.InvariantCulture, $"the model has operator set {import.Version}, and {Oldest} is the oldest that "
                    + $"can be quantized; export it with operator set {Opset.PerChannel} or later."));
        }

        NameAllocator names = new(model.Graph);
        foreach (GraphProto graph in model.Graph.AllGraphs().ToArray())
        {
            NodeProto[] nodes = [.. graph.Node];
            graph.Node.Clear();
            Dictionary<string, int> ranks = KnownRanks(graph);
            foreach (NodeProto node in nodes)
            {
                NodeUpgrade lift = new(modelPath, graph, node, names, ranks) { Version = version };
                if (Opset.IsOnnx(node.Domain) && Changed.TryGetValue(node.OpType, out (long Version, Action<NodeUpgrade> Lift) change)
                    && change.Version > import.Version && change.Version <= version)
                {
                    change.Lift(lift);
                }

                if (Opset.IsOnnx(node.Domain) && LaterUpgrades.Changed.TryGetValue(node.OpType, out change)
                    && change.Version > import.Version && change.Version <= version)
                {
                    change.Lift(lift);
                }

                graph.Node.Add(lift.Before);
                graph.Node.Add(node);
                graph.Node.Add(lift.After);
            }
        }

        import.Version = version;
    }

    private static Dictionary<string, int> KnownRanks(GraphProto graph)
    {
        Dictionary<string, int> ranks = [];
        foreach (ValueInfoProto value in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo))
        {
            if (value.Type?.TensorType?.Shape is { } shape)
            {
                ranks[value.Name] = shape.Dim.Count;
            }
        }

        return ranks;
    }
}
