using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Makes nodes and attributes.</summary>
internal static class NodeFactory
{
    /// <summary>A node of ONNX's own domain with one result.</summary>
    public static NodeProto Make(string operatorType, IEnumerable<string> inputs, string output)
    {
        NodeProto node = new() { OpType = operatorType };
        node.Input.Add(inputs);
        node.Output.Add(output);
        return node;
    }

    /// <summary>An attribute of integers.</summary>
    public static AttributeProto Ints(string name, IEnumerable<long> values)
    {
        AttributeProto attribute = new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.Add(values);
        return attribute;
    }

    /// <summary>An attribute of one integer.</summary>
    public static AttributeProto Int(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };
}
