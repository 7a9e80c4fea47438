using System.Runtime.InteropServices;
using System.Text;

namespace Quantization.Tool.Tests;

/// <summary>
/// A model of one MatMul, <c>[N, steps, 8]</c> to logits <c>[N, steps, 6]</c>, or without steps <c>[N, 8]</c> to <c>[N, 6]</c>; written
/// as protobuf fields.
/// </summary>
internal static class StepModel
{
    public const int Width = 8;

    private const int Classes = 6;
    private const int FloatType = 1;

    /// <param name="steps">How many steps a sample has; null for none.</param>
    public static byte[] Make(int? steps)
    {
        Random random = new(1);
        float[] weights = [.. Enumerable.Range(0, Width * Classes).Select(_ => random.NextSingle() * 2 - 1)];
        int[] axes = steps is { } count ? [count] : [];
        byte[] node = [.. Text(1, "x"), .. Text(1, "w"), .. Text(2, "y"), .. Text(3, "logits"), .. Text(4, "MatMul")];
        byte[] data = MemoryMarshal.AsBytes<float>(weights).ToArray();
        byte[] tensor = [.. Number(1, Width), .. Number(1, Classes), .. Number(2, FloatType), .. Text(8, "w"), .. Field(9, data)];
        byte[] input = Value("x", [.. axes, Width]);
        byte[] output = Value("y", [.. axes, Classes]);
        byte[] graph = [.. Field(1, node), .. Text(2, "steps"), .. Field(5, tensor), .. Field(11, input), .. Field(12, output)];
        return [.. Number(1, 8), .. Field(7, graph), .. Field(8, [.. Text(1, ""), .. Number(2, 13)])];
    }

    /// <summary>The description of a value with a free batch axis.</summary>
    private static byte[] Value(string name, int[] axes)
    {
        byte[] shape = [.. Field(1, Text(2, "N")), .. axes.SelectMany(length => Field(1, Number(1, length)))];
        return [.. Text(1, name), .. Field(2, Field(1, [.. Number(1, FloatType), .. Field(2, shape)]))];
    }

    private static byte[] Text(int field, string text) => Field(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Number(int field, int value) => [.. Varint(field << 3), .. Varint(value)];

    private static byte[] Field(int field, byte[] content) => [.. Varint(field << 3 | 2), .. Varint(content.Length), .. content];

    private static byte[] Varint(int value) => value < 128 ? [(byte)value] : [(byte)(value & 127 | 128), .. Varint(value >> 7)];
}
