using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Multiplies values by factors that are given as inputs when the model runs: one per channel, or one for all.</summary>
internal static class ChannelFactors
{
    /// <summary>Inserts the products; the inputs are named by a prefix and the value's name, and have one axis.</summary>
    /// <param name="graph">The graph, which is changed.</param>
    /// <param name="values">The values, of 32-bit floats, whose channels are on the last axis.</param>
    /// <param name="prefix">How the names of the inputs begin.</param>
    public static void Insert(GraphProto graph, IReadOnlyList<string> values, string prefix)
    {
        foreach (string name in values)
        {
            NodeProto maker = graph.Node.Single(node => node.Output.Contains(name));
            string plain = $"{prefix}plain.{name}";
            maker.Output[maker.Output.IndexOf(name)] = plain;
            graph.Node.Insert(graph.Node.IndexOf(maker) + 1, NodeFactory.Make("Mul", [plain, prefix + name], name));
            TypeProto.Types.Tensor tensor = new() { ElemType = (int)TensorProto.Types.DataType.Float, Shape = new TensorShapeProto() };
            tensor.Shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = prefix + name });
            graph.Input.Add(new ValueInfoProto { Name = prefix + name, Type = new TypeProto { TensorType = tensor } });
        }
    }
}
