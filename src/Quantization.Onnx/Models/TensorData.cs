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

    /// <summary>Whether the bytes stored are as many as the shape says, as far as the schema knows the element's size.</summary>
    public static bool HasSizeOfItsShape(this TensorProto tensor)
    {
        int? size = (TensorProto.Types.DataType)tensor.DataType switch
        {
            TensorProto.Types.DataType.Uint8 or TensorProto.Types.DataType.Int8 or TensorProto.Types.DataType.Bool => 1,
            TensorProto.Types.DataType.Uint16 or TensorProto.Types.DataType.Int16 or TensorProto.Types.DataType.Float16 => 2,
            TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Int32 or TensorProto.Types.DataType.Uint32 => 4,
            TensorProto.Types.DataType.Double or TensorProto.Types.DataType.Int64 or TensorProto.Types.DataType.Uint64 => 8,
            _ => null,
        };
        bool isRaw = tensor.RawData.Length > 0;
        return size is null || (!isRaw && !tensor.IsFloat()) || tensor.CountElements() * (Int128)size == (isRaw ? tensor.RawData.Length : tensor.FloatData.Count * (Int128)size);
    }

    /// <summary>The values of a float tensor.</summary>
    public static float[] ReadFloats(this TensorProto tensor) => tensor.RawData.Length > 0 ? FromRaw(tensor.RawData.Span) : [.. tensor.FloatData];

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
