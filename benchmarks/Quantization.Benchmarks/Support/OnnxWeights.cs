using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Quantization.Benchmarks.Support;

/// <summary>
/// Reads what the studies need of an ONNX file, by the field numbers of onnx.proto: float weights, and the input of its last Gemm.
/// </summary>
internal static class OnnxWeights
{
    private const int GraphOfModel = 7;
    private const int NodeOfGraph = 1;
    private const int InitializerOfGraph = 5;
    private const int OutputOfGraph = 12;

    /// <summary>The float tensors of two or more axes: the weights of Conv, Gemm and MatMul.</summary>
    public static List<(string Name, nint[] Shape, float[] Values)> Read(string path)
    {
        List<(string, nint[], float[])> weights = [];
        foreach ((_, _, ReadOnlyMemory<byte> graph) in Fields(File.ReadAllBytes(path)).Where(field => field.Number == GraphOfModel))
        {
            foreach ((_, _, ReadOnlyMemory<byte> tensor) in Fields(graph).Where(field => field.Number == InitializerOfGraph))
            {
                List<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> fields = [.. Fields(tensor)];
                nint[] shape = [.. fields.Where(field => field.Number == 1).SelectMany(Integers)];
                if (shape.Length >= 2 && fields.Any(field => field is { Number: 2, Value: 1 }) && fields.Any(field => field.Number == 9))
                {
                    float[] values = MemoryMarshal.Cast<byte, float>(fields.First(field => field.Number == 9).Bytes.Span).ToArray();
                    weights.Add((Encoding.UTF8.GetString(fields.First(field => field.Number == 8).Bytes.Span), shape, values));
                }
            }
        }

        return weights;
    }

    /// <summary>
    /// The model with one more output: what its last Gemm reads. Messages of the same field merge, so the output is simply appended.
    /// </summary>
    public static byte[] WithPenultimateOutput(string path, out string output)
    {
        byte[] model = File.ReadAllBytes(path);
        ReadOnlyMemory<byte> graph = Fields(model).First(field => field.Number == GraphOfModel).Bytes;
        ReadOnlyMemory<byte> gemm = Fields(graph)
            .Where(field => field.Number == NodeOfGraph)
            .Last(node => Fields(node.Bytes).Any(field => field.Number == 4 && field.Bytes.Span.SequenceEqual("Gemm"u8)))
            .Bytes;
        byte[] name = Fields(gemm).First(field => field.Number == 1).Bytes.ToArray();
        output = Encoding.UTF8.GetString(name);
        return [.. model, .. Message(GraphOfModel, Message(OutputOfGraph, Message(1, name)))];
    }

    private static byte[] Message(int field, byte[] bytes) => [(byte)(field << 3 | 2), (byte)bytes.Length, .. bytes];

    private static IEnumerable<nint> Integers((int Number, ulong Value, ReadOnlyMemory<byte> Bytes) field)
    {
        if (field.Bytes.IsEmpty)
        {
            return [(nint)field.Value];
        }

        List<nint> integers = [];
        for (int at = 0; at < field.Bytes.Length;)
        {
            integers.Add((nint)Varint(field.Bytes.Span, ref at));
        }

        return integers;
    }

    private static IEnumerable<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> Fields(ReadOnlyMemory<byte> message)
    {
        for (int at = 0; at < message.Length;)
        {
            ulong tag = Varint(message.Span, ref at);
            ulong value = 0;
            ReadOnlyMemory<byte> bytes = default;
            switch (tag & 7)
            {
                case 0:
                    value = Varint(message.Span, ref at);
                    break;
                case 1:
                    value = BinaryPrimitives.ReadUInt64LittleEndian(message.Span[at..]);
                    at += sizeof(ulong);
                    break;
                case 2:
                    int length = (int)Varint(message.Span, ref at);
                    bytes = message.Slice(at, length);
                    at += length;
                    break;
                default:
                    value = BinaryPrimitives.ReadUInt32LittleEndian(message.Span[at..]);
                    at += sizeof(uint);
                    break;
            }

            yield return ((int)(tag >> 3), value, bytes);
        }
    }

    private static ulong Varint(ReadOnlySpan<byte> message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = message[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
