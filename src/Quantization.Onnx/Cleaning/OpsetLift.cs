using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Raises a model's operator set to the one that per-channel quantization needs, where no operator in it changed its meaning on the way.</summary>
internal static class OpsetLift
{
    /// <summary>The version in which an operator last changed inputs, attributes or meaning, up to <see cref="Opset.PerChannel"/>.</summary>
    private static readonly FrozenDictionary<string, long> Changed = new Dictionary<string, long>
    {
        ["BatchNormalization"] = 9,
        ["Clip"] = 11,
        ["Dropout"] = 12,
        ["Hardmax"] = 13,
        ["LogSoftmax"] = 13,
        ["Pad"] = 11,
        ["ReduceSum"] = 13,
        ["Resize"] = 11,
        ["Slice"] = 10,
        ["Softmax"] = 13,
        ["Split"] = 13,
        ["Squeeze"] = 13,
        ["TopK"] = 10,
        ["Unsqueeze"] = 13,
        ["Upsample"] = 10,
    }.ToFrozenDictionary();

    /// <summary>Raises the import in place.</summary>
    /// <exception cref="OnnxModelException">An operator would have to be rewritten.</exception>
    public static void Apply(string modelPath, ModelProto model)
    {
        OperatorSetIdProto import = Opset.Find(model)!;
        if (import.Version >= Opset.PerChannel)
        {
            return;
        }

        foreach (NodeProto node in model.Graph.AllGraphs().SelectMany(graph => graph.Node))
        {
            if (Opset.IsOnnx(node.Domain) && Changed.TryGetValue(node.OpType, out long version) && version > import.Version)
            {
                throw new OnnxModelException(
                    modelPath,
                    $"quantization needs operator set {Opset.PerChannel}, the model has {import.Version}, and node {node.Describe()} changed its form in {version}; export the model with operator set {Opset.PerChannel} or later.",
                    node.Name);
            }
        }

        import.Version = Opset.PerChannel;
    }
}
