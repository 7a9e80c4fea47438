using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The values of stored tensors, to and from ONNX's little-endian layouts.</summary>
internal static class TensorData
{
    /// <summary>Whether the tensor holds 32-bit floats.</summary>
    public static bool IsFloat(this TensorProto tensor) => tensor.DataType == (int)TensorProto.Types.DataType.Float;

    /// <summary>The number of elements that the shape says; null where a length is negative or the product leaves 63 bits.</summary>
    public static long? CountElements(this TensorProto tensor)
    {
        Int128 count = 1;
        foreach (long length in tensor.Dims)
        {
            count *= length;
            if (length < 0 || count > long.MaxValue)
            {
                return null;
            }
        }

        return (long)count;
    }

    /// <summary>The values of a float tensor.</summary>
    /// <exception cref="OnnxModelException">The tensor holds more or fewer values than its shape says.</exception>
    public static float[] ReadFloats(this TensorProto tensor, string modelPath)
    {
        float[] values = tensor.HasRawData && tensor.RawData.Length > 0 ? FromRaw(tensor.RawData.Span) : [.. tensor.FloatData];
        if (tensor.CountElements() != values.Length || (tensor.RawData.Length & 3) != 0)
        {
            throw new OnnxModelException(modelPath, $"tensor '{tensor.Name}' of shape [{string.Join(", ", tensor.Dims)}] holds {values.Length} values; the model is damaged, export it again.");
        }

        return values;
    }

    /// <summary>A tensor without name from its elements in the machine's byte order.</summary>
    public static TensorProto Make<T>(TensorProto.Types.DataType type, ReadOnlySpan<T> values, params IEnumerable<long> shape)
        where T : unmanaged
    {
        byte[] raw = MemoryMarshal.AsBytes(values).ToArray();
        if (!BitConverter.IsLittleEndian)
        {
            foreach (int start in Enumerable.Range(0, values.Length).Select(i => i * Unsafe.SizeOf<T>()))
            {
                raw.AsSpan(start, Unsafe.SizeOf<T>()).Reverse();
            }
        }

        TensorProto tensor = new() { DataType = (int)type, RawData = UnsafeByteOperations.UnsafeWrap(raw) };
        tensor.Dims.Add(shape);
        return tensor;
    }

    private static float[] FromRaw(ReadOnlySpan<byte> raw)
    {
        float[] values = new float[raw.Length / sizeof(float)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(raw[(i * sizeof(float))..]);
        }

        return values;
    }
}
