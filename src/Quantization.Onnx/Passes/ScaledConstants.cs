using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Scales constants of nodes in place. Each gets a tensor of its own, since other nodes may share the one it had.</summary>
/// <param name="graph">The graph, which is changed.</param>
/// <param name="index">The graph as it was.</param>
internal sealed class ScaledConstants(GraphProto graph, GraphIndex index)
{
    private readonly NameAllocator _names = new(graph);
    private readonly Dictionary<string, TensorProto> _made = [];

    /// <summary>Multiplies a constant input of a node by factors along an axis.</summary>
    /// <param name="node">The node.</param>
    /// <param name="input">The position of the constant.</param>
    /// <param name="axis">The axis that has as many entries as there are factors.</param>
    /// <param name="factors">The factors.</param>
    public void Scale(NodeProto node, int input, int axis, float[] factors)
    {
        TensorProto tensor = _made.GetValueOrDefault(node.Input[input]) ?? index.FindConstant(node.Input[input])!;
        float[] values = tensor.ReadFloats();
        long inner = tensor.StrideOf(axis);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] *= factors[i / inner % factors.Length];
        }

        node.Input[input] = Add(values, tensor.Dims);
    }

    /// <summary>Adds a constant; its name.</summary>
    public string Add(float[] values, IEnumerable<long> shape)
    {
        TensorProto tensor = TensorData.Make<float>(TensorProto.Types.DataType.Float, values, shape);
        tensor.Name = _names.Next();
        _made[tensor.Name] = tensor;
        graph.Initializer.Add(tensor);
        return tensor.Name;
    }
}
