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

    /// <summary>Whether the tensor holds 16-bit floats, of either kind.</summary>
    public static bool IsHalfFloat(this TensorProto tensor) => IsHalfFloat(tensor.DataType);

    /// <summary>Whether an element type is one of the 16-bit floats.</summary>
    public static bool IsHalfFloat(long type) =>
        type is (long)TensorProto.Types.DataType.Float16 or (long)TensorProto.Types.DataType.Bfloat16;

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

    /// <summary>How many elements lie from one index of an axis to the next.</summary>
    public static long StrideOf(this TensorProto tensor, int axis) =>
        tensor.Dims.Skip(axis + 1).Aggregate(1L, (product, length) => product * length);

    /// <summary>Whether the bytes stored are as many as the shape says, as far as the schema knows the element's size.</summary>
    public static bool HasSizeOfItsShape(this TensorProto tensor)
    {
        int? size = (TensorProto.Types.DataType)tensor.DataType switch
        {
            TensorProto.Types.DataType.Uint8 or TensorProto.Types.DataType.Int8 or TensorProto.Types.DataType.Bool => 1,
            TensorProto.Types.DataType.Uint16 or TensorProto.Types.DataType.Int16 or TensorProto.Types.DataType.Float16
                or TensorProto.Types.DataType.Bfloat16 => 2,
            TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Int32 or TensorProto.Types.DataType.Uint32 => 4,
            TensorProto.Types.DataType.Double or TensorProto.Types.DataType.Int64 or TensorProto.Types.DataType.Uint64 => 8,
            _ => null,
        };
        int? values = tensor.RawData.Length > 0 ? null
            : tensor.IsFloat() ? tensor.FloatData.Count
            : tensor.IsHalfFloat() ? tensor.Int32Data.Count
            : null;
        return size is null
            || (values is null && tensor.RawData.Length == 0)
            || tensor.CountElements() * (Int128)size == (values is null ? tensor.RawData.Length : values * (Int128)size);
    }

    /// <summary>Turns a tensor of 16-bit floats into one of 32-bit floats in place. Each value has its equal.</summary>
    public static void Widen(this TensorProto tensor)
    {
        ReadOnlySpan<byte> raw = tensor.RawData.Span;
        ushort[] bits = raw.Length > 0 ? new ushort[raw.Length / sizeof(ushort)] : [.. tensor.Int32Data.Select(value => (ushort)value)];
        for (int i = 0; i < raw.Length / sizeof(ushort); i++)
        {
            bits[i] = BinaryPrimitives.ReadUInt16LittleEndian(raw[(i * sizeof(ushort))..]);
        }

        bool isHalf = tensor.DataType == (int)TensorProto.Types.DataType.Float16;
        float[] values = [.. bits.Select(
            value => isHalf ? (float)BitConverter.UInt16BitsToHalf(value) : BitConverter.UInt32BitsToSingle((uint)value << 16))];
        tensor.Int32Data.Clear();
        tensor.DataType = (int)TensorProto.Types.DataType.Float;
        tensor.RawData = Make<float>(TensorProto.Types.DataType.Float, values).RawData;
    }

    /// <summary>The values of a float tensor.</summary>
    public static float[] ReadFloats(this TensorProto tensor) =>
        tensor.RawData.Length > 0 ? FromRaw(tensor.RawData.Span) : [.. tensor.FloatData];

    /// <summary>The values of a float tensor where they lie, without a copy where the machine's byte order is theirs.</summary>
    public static ReadOnlySpan<float> ViewFloats(this TensorProto tensor) =>
        tensor.RawData.Length > 0 && BitConverter.IsLittleEndian
            ? MemoryMarshal.Cast<byte, float>(tensor.RawData.Span)
            : tensor.ReadFloats();

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
