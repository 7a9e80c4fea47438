using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Which values of a graph are surely 32-bit floats. A model need not say the types of what it computes.</summary>
internal static class FloatValues
{
    private const long Float = (long)TensorProto.Types.DataType.Float;

    /// <summary>Operators whose first result has the type of their first input.</summary>
    private static readonly FrozenSet<string> KeepType = FrozenSet.Create(
        "Abs", "Add", "AveragePool", "BatchNormalization", "Clip", "Concat", "Conv", "ConvTranspose", "DepthToSpace", "Div", "Dropout",
        "Elu", "Erf", "Exp", "Expand", "Flatten", "Gather", "GatherElements", "Gelu", "Gemm", "GlobalAveragePool", "GlobalMaxPool",
        "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "LayerNormalization", "LeakyRelu", "Log", "LogSoftmax", "MatMul",
        "Max", "MaxPool", "Min", "Mul", "Neg", "PRelu", "Pad", "Pow", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceSum", "Relu",
        "Reshape", "Resize", "Sigmoid", "Slice", "Softmax", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Tile",
        "Transpose", "Unsqueeze");

    /// <summary>Whether the first result of one of ONNX's own operators has the type of its first input.</summary>
    public static bool KeepsType(NodeProto node) => KeepType.Contains(node.OpType);

    /// <summary>The names of the values.</summary>
    public static HashSet<string> Find(GraphProto graph)
    {
        HashSet<string> found = [.. graph.Initializer.Where(tensor => tensor.IsFloat()).Select(tensor => tensor.Name)];
        found.UnionWith(graph.Input.Concat(graph.ValueInfo).Concat(graph.Output).Where(value => value.Type?.TensorType?.ElemType == Float)
            .Select(value => value.Name));
        foreach (NodeProto node in graph.Node.Where(node => Opset.IsOnnx(node.Domain)))
        {
            bool isFloat = node.OpType switch
            {
                "Cast" => node.GetInt("to", 0) == Float,
                "Constant" => node.Attribute is [{ T: { } tensor }] && tensor.IsFloat(),
                "Where" => found.Contains(node.Input[1]),
                _ => KeepType.Contains(node.OpType) && found.Contains(node.Input[0]),
            };
            if (isFloat)
            {
                found.UnionWith(node.OpType == "Split" ? node.Output : node.Output.Take(1));
            }
        }

        return found;
    }
}
