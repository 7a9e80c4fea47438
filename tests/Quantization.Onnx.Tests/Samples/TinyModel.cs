using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests.Samples;

/// <summary>ONNX models of one node, spelled as protobuf bytes so that tests do not depend on the code under test.</summary>
internal static class TinyModel
{
    private const int FloatType = 1;

    /// <summary><c>y = x</c> with the given shape; a negative length is free.</summary>
    public static byte[] Identity(int elementType = FloatType, params int[] shape) =>
        Model([Input("x", elementType, shape)], elementType, "Identity");

    /// <summary><c>y = op(x)</c> on floats.</summary>
    public static byte[] Unary(string op, params int[] shape) => Model([Input("x", FloatType, shape)], FloatType, op);

    /// <summary><c>y = a + b</c> with both inputs of the given shape.</summary>
    public static byte[] Add(params int[] shape) => Model([Input("a", FloatType, shape), Input("b", FloatType, shape)], FloatType, "Add");

    public static InferenceSession Open(byte[] model) => new(model);

    private static byte[] Model(byte[][] inputs, int elementType, string op)
    {
        byte[] arguments = inputs.Length == 1 ? Text(1, "x") : [.. Text(1, "a"), .. Text(1, "b")];
        byte[] node = [.. arguments, .. Text(2, "y"), .. Text(4, op)];
        List<byte> graph = [.. Message(1, node), .. Text(2, "tiny")];
        foreach (byte[] input in inputs)
        {
            graph.AddRange(Message(11, input));
        }

        graph.AddRange(Message(12, [.. Text(1, "y"), .. Message(2, Message(1, Number(1, elementType)))]));
        return [.. Number(1, 8), .. Message(7, [.. graph]), .. Message(8, [.. Text(1, ""), .. Number(2, 13)])];
    }

    private static byte[] Input(string name, int elementType, int[] shape)
    {
        List<byte> dimensions = [];
        foreach (int length in shape)
        {
            dimensions.AddRange(Message(1, length < 0 ? Text(2, "N") : Number(1, length)));
        }

        return [.. Text(1, name), .. Message(2, Message(1, [.. Number(1, elementType), .. Message(2, [.. dimensions])]))];
    }

    private static byte[] Text(int field, string value) => Message(field, System.Text.Encoding.UTF8.GetBytes(value));

    private static byte[] Number(int field, int value) => [.. Varint(field << 3), .. Varint(value)];

    private static byte[] Message(int field, byte[] value) => [.. Varint((field << 3) | 2), .. Varint(value.Length), .. value];

    private static byte[] Varint(int value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }
}
