using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Reads a serialized TensorProto, the files of ONNX's own test layout.</summary>
internal static class TensorProtoReader
{
    /// <summary>Reads the values of a tensor that fills its stream and whose header was checked.</summary>
    /// <exception cref="InvalidDataException">
    /// The tensor is damaged or not the one of the header; the message is a clause about 'it'.
    /// </exception>
    public static byte[] ReadData(Stream stream, TensorProtoHeader header)
    {
        TensorProto tensor = Parse(stream);
        TensorElementType type = (TensorElementType)tensor.DataType;
        SampleFile.ThrowUnlessSame(type == header.ElementType && tensor.Name == (header.Name ?? "")
            && tensor.Dims.SequenceEqual(header.Shape));
        byte[] data = tensor.HasRawData ? FromRaw(tensor.RawData, SampleElementType.SizeOf(type)) : FromFields(tensor, type);
        return data.Length == header.DataLength ? data : throw new InvalidDataException(string.Create(
            CultureInfo.InvariantCulture,
            $"its shape {SampleShape.Format([.. tensor.Dims])} of {SampleElementType.NameOf(type)} does not fit its {data.Length} bytes "
                + $"of values; write it again"));
    }

    private static TensorProto Parse(Stream stream)
    {
        try
        {
            return TensorProto.Parser.ParseFrom(stream);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidDataException("it is truncated or no serialized TensorProto; write it again", exception);
        }
    }

    private static byte[] FromRaw(ByteString raw, int size)
    {
        if (BitConverter.IsLittleEndian
            && MemoryMarshal.TryGetArray(raw.Memory, out ArraySegment<byte> segment)
            && segment.Array!.Length == raw.Length)
        {
            return segment.Array; // neither the message nor the sample changes it
        }

        byte[] data = raw.ToByteArray();
        if (!BitConverter.IsLittleEndian && data.Length % size == 0)
        {
            NpyReader.ReverseEndianness(data, size);
        }

        return data;
    }

    /// <summary>
    /// The values from the field that the type has; narrow integers, bool and the bits of 16-bit floats all stand in <c>int32_data</c>.
    /// </summary>
    private static byte[] FromFields(TensorProto tensor, TensorElementType type) => type switch
    {
        TensorElementType.Float => ToBytes(tensor.FloatData, value => value),
        TensorElementType.Double => ToBytes(tensor.DoubleData, value => value),
        TensorElementType.Int64 => ToBytes(tensor.Int64Data, value => value),
        TensorElementType.UInt64 => ToBytes(tensor.Uint64Data, value => value),
        TensorElementType.UInt32 => ToBytes(tensor.Uint64Data, value => (uint)value),
        TensorElementType.Int32 => ToBytes(tensor.Int32Data, value => value),
        TensorElementType.Bool => ToBytes(tensor.Int32Data, value => value != 0),
        TensorElementType.Int8 or TensorElementType.UInt8 => ToBytes(tensor.Int32Data, value => (byte)value),
        _ => ToBytes(tensor.Int32Data, value => (ushort)value),
    };

    private static byte[] ToBytes<TField, T>(RepeatedField<TField> values, Converter<TField, T> convert)
        where T : unmanaged
    {
        T[] converted = Array.ConvertAll(values.ToArray(), convert);
        return MemoryMarshal.AsBytes<T>(converted).ToArray();
    }
}
