using System.Collections.Frozen;
using System.Globalization;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Raises a model's operator set to the one that per-channel quantization needs. Only the operators listed here changed their form or meaning on the way; the others take the raised import
/// as it is. What changed when: the operators' change log in the ONNX specification.
/// </summary>
internal static class OpsetLift
{
    /// <summary>The first version that ONNX Runtime runs with all its operators' attributes as they are read here.</summary>
    private const long Oldest = 6;

    /// <summary>The version in which an operator last changed, up to <see cref="Opset.PerChannel"/>, and what brings an older node into its new form.</summary>
    private static readonly FrozenDictionary<string, (long Version, Action<NodeLift> Lift)> Changed = new Dictionary<string, (long, Action<NodeLift>)>
    {
        ["Add"] = (7, OperatorLifts.Broadcast),
        ["And"] = (7, OperatorLifts.Broadcast),
        ["BatchNormalization"] = (9, OperatorLifts.BatchNormalization),
        ["Clip"] = (11, OperatorLifts.Clip),
        ["Div"] = (7, OperatorLifts.Broadcast),
        ["Dropout"] = (12, OperatorLifts.Dropout),
        ["Equal"] = (7, OperatorLifts.Broadcast),
        ["Gemm"] = (7, OperatorLifts.Broadcast),
        ["Greater"] = (7, OperatorLifts.Broadcast),
        ["Hardmax"] = (13, OperatorLifts.Normalization),
        ["Less"] = (7, OperatorLifts.Broadcast),
        ["LogSoftmax"] = (13, OperatorLifts.Normalization),
        ["Mul"] = (7, OperatorLifts.Broadcast),
        ["Or"] = (7, OperatorLifts.Broadcast),
        ["Pad"] = (11, OperatorLifts.Pad),
        ["Pow"] = (7, OperatorLifts.Broadcast),
        ["ReduceSum"] = (13, OperatorLifts.Axes),
        ["Resize"] = (11, OperatorLifts.Resize),
        ["Scan"] = (9, OperatorLifts.Impossible),
        ["Scatter"] = (11, OperatorLifts.Scatter),
        ["Slice"] = (10, OperatorLifts.Slice),
        ["Softmax"] = (13, OperatorLifts.Normalization),
        ["Split"] = (13, OperatorLifts.Split),
        ["Squeeze"] = (13, OperatorLifts.Axes),
        ["Sub"] = (7, OperatorLifts.Broadcast),
        ["TopK"] = (10, OperatorLifts.TopK),
        ["Unsqueeze"] = (13, OperatorLifts.Axes),
        ["Upsample"] = (10, OperatorLifts.Upsample),
        ["Xor"] = (7, OperatorLifts.Broadcast),
    }.ToFrozenDictionary();

    /// <summary>Raises the import in place and rewrites the nodes that need it, in the graph and in the graphs inside its nodes.</summary>
    /// <exception cref="OnnxModelException">The model is too old, or a node has no equal in the new operator set.</exception>
    public static void Apply(string modelPath, ModelProto model)
    {
        OperatorSetIdProto import = Opset.Find(model)!;
        if (import.Version >= Opset.PerChannel)
        {
            return;
        }

        if (import.Version < Oldest)
        {
            throw new OnnxModelException(
                modelPath,
                string.Create(CultureInfo.InvariantCulture, $"the model has operator set {import.Version}, and {Oldest} is the oldest that can be quantized; export it with operator set {Opset.PerChannel} or later."));
        }

        NameAllocator names = new(model.Graph);
        foreach (GraphProto graph in model.Graph.AllGraphs().ToArray())
        {
            NodeProto[] nodes = [.. graph.Node];
            graph.Node.Clear();
            Dictionary<string, int> ranks = KnownRanks(graph);
            foreach (NodeProto node in nodes)
            {
                NodeLift lift = new(modelPath, graph, node, names, ranks);
                if (Opset.IsOnnx(node.Domain) && Changed.TryGetValue(node.OpType, out (long Version, Action<NodeLift> Lift) change) && change.Version > import.Version)
                {
                    change.Lift(lift);
                }

                graph.Node.Add(lift.Before);
                graph.Node.Add(node);
                graph.Node.Add(lift.After);
            }
        }

        import.Version = Opset.PerChannel;
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
