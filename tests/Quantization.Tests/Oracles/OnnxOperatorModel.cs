using System.Text;

namespace Quantization.Oracles;

/// <summary>
/// Writes the smallest ONNX models that run given nodes, field by field as onnx.proto numbers them. All values come in as graph inputs.
/// </summary>
public sealed class OnnxOperatorModel
{
    /// <summary>The values of TensorProto.DataType.</summary>
    public const int Float = 1, UInt8 = 2, Int8 = 3, UInt16 = 4, Int16 = 5, Int32 = 6, UInt4 = 21, Int4 = 22;

    private readonly List<byte> _graph = [];

    /// <summary>Adds a graph input.</summary>
    public OnnxOperatorModel Input(string name, int type, params long[] shape) => Add(11, ValueInfo(name, type, shape));

    /// <summary>Adds a graph output.</summary>
    public OnnxOperatorModel Output(string name, int type, params long[] shape) => Add(12, ValueInfo(name, type, shape));

    /// <summary>Adds a node; attributes are integers.</summary>
    public OnnxOperatorModel Node(string operatorType, string[] inputs, string[] outputs, params (string Name, long Value)[] attributes)
    {
        List<byte> node = [];
        foreach (string input in inputs)
        {
            Field(node, 1, Encoding.UTF8.GetBytes(input));
        }

        foreach (string output in outputs)
        {
            Field(node, 2, Encoding.UTF8.GetBytes(output));
        }

        Field(node, 4, Encoding.UTF8.GetBytes(operatorType));
        foreach ((string name, long value) in attributes)
        {
            List<byte> attribute = [];
            Field(attribute, 1, Encoding.UTF8.GetBytes(name));
            Field(attribute, 3, value);
            Field(attribute, 20, 2);
            Field(node, 5, [.. attribute]);
        }

        return Add(1, [.. node]);
    }

    /// <summary>The bytes of the model.</summary>
    public byte[] Build(long opset = 21)
    {
        List<byte> opsetId = [];
        Field(opsetId, 1, Array.Empty<byte>());
        Field(opsetId, 2, opset);
        List<byte> graph = [.. _graph];
        Field(graph, 2, "operator"u8.ToArray());
        List<byte> model = [];
        Field(model, 1, 10);
        Field(model, 8, [.. opsetId]);
        Field(model, 7, [.. graph]);
        return [.. model];
    }

    private static byte[] ValueInfo(string name, int type, long[] shape)
    {
        List<byte> dimensions = [];
        foreach (long length in shape)
        {
            List<byte> dimension = [];
            Field(dimension, 1, length);
            Field(dimensions, 1, [.. dimension]);
        }

        List<byte> tensor = [];
        Field(tensor, 1, type);
        Field(tensor, 2, [.. dimensions]);
        List<byte> typeProto = [];
        Field(typeProto, 1, [.. tensor]);
        List<byte> value = [];
        Field(value, 1, Encoding.UTF8.GetBytes(name));
        Field(value, 2, [.. typeProto]);
        return [.. value];
    }

    private static void Field(List<byte> message, int number, long value)
    {
        Varint(message, (ulong)number << 3);
        Varint(message, (ulong)value);
    }

    private static void Field(List<byte> message, int number, byte[] bytes)
    {
        Varint(message, ((ulong)number << 3) | 2);
        Varint(message, (ulong)bytes.Length);
        message.AddRange(bytes);
    }

    private static void Varint(List<byte> message, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            message.Add((byte)(value | 0x80));
        }

        message.Add((byte)value);
    }

    private OnnxOperatorModel Add(int number, byte[] bytes)
    {
        Field(_graph, number, bytes);
        return this;
    }
}
