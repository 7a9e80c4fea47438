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
    /// <summary>Reads a tensor that fills its stream.</summary>
    /// <exception cref="InvalidDataException">The tensor is damaged or of a type that samples do not have; the message is a clause about 'it'.</exception>
    public static SampleTensor Read(Stream stream)
    {
        TensorProto tensor = Parse(stream);
        TensorElementType type = (TensorElementType)tensor.DataType;
        int size = SampleElementType.SizeOf(type);
        if (size == 0)
        {
            throw new InvalidDataException($"it holds elements of type {type}; samples hold numbers of whole bytes and bool");
        }

        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
        {
            throw new InvalidDataException("it keeps its values in another file; store them in the tensor itself");
        }

        byte[] data = tensor.HasRawData ? FromRaw(tensor.RawData, size) : FromFields(tensor, type);
        if (tensor.CountElements() is not long elements || (Int128)elements * size != data.Length)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"its shape {SampleShape.Format([.. tensor.Dims])} of {SampleElementType.NameOf(type)} does not fit its {data.Length} bytes of values; write it again"));
        }

        return new SampleTensor(tensor.Name.Length == 0 ? null : tensor.Name, type, [.. tensor.Dims], data);
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
        if (BitConverter.IsLittleEndian && MemoryMarshal.TryGetArray(raw.Memory, out ArraySegment<byte> segment) && segment.Array!.Length == raw.Length)
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

    /// <summary>The values from the field that the type has; narrow integers, bool and the bits of 16-bit floats all stand in <c>int32_data</c>.</summary>
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
