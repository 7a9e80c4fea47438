using System.Globalization;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// Name, type and shape of a serialized TensorProto, found without reading its values: Google.Protobuf can only read a message whole, and a
/// message may ask for more memory than its file has bytes.
/// </summary>
/// <param name="Name">The tensor's name; null where it has none.</param>
/// <param name="ElementType">The type of the elements.</param>
/// <param name="Shape">The length of each axis.</param>
/// <param name="DataLength">The bytes that the elements take in memory.</param>
internal sealed record TensorProtoHeader(string? Name, TensorElementType ElementType, long[] Shape, long DataLength)
{
    /// <summary>The most bytes of everything that is no value: names, shape, comments.</summary>
    private const int MaxOtherBytes = 1 << 20;

    private const int MaxAxes = 64;
    private const int LongestVarint = 10;

    /// <summary>Reads the header of a tensor that fills its stream.</summary>
    /// <param name="stream">The stream, at its start.</param>
    /// <param name="limit">The most bytes that the elements may take.</param>
    /// <exception cref="InvalidDataException">
    /// The tensor is damaged, too large or of a type that samples do not have; the message is a clause about 'it'.
    /// </exception>
    /// <exception cref="EndOfStreamException">The stream ends within a field.</exception>
    public static TensorProtoHeader Read(Stream stream, long limit)
    {
        ProtoFields fields = ProtoFields.Read(stream, MaxOtherBytes, MaxAxes);
        TensorElementType type = (TensorElementType)fields.DataType;
        int size = SampleElementType.SizeOf(type);
        if (size == 0)
        {
            throw new InvalidDataException($"it holds elements of type {type}; samples hold numbers of whole bytes and bool");
        }

        if (fields.IsExternal)
        {
            throw new InvalidDataException("it keeps its values in another file; store them in the tensor itself");
        }

        long[] shape = [.. fields.Dims];
        Int128? wanted = SampleShape.CountElements(shape) * (Int128)size;
        if (wanted is null || !Fits((long)Int128.Min(wanted.Value / size, long.MaxValue), size, type, fields))
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"its shape {SampleShape.Format(shape)} of {SampleElementType.NameOf(type)} does not fit its "
                    + $"{fields.RawBytes ?? fields.ValueBytes} bytes of values; write it again"));
        }

        return wanted <= Math.Min(limit, Array.MaxLength)
            ? new TensorProtoHeader(fields.Name, type, shape, (long)wanted)
            : throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"its shape {SampleShape.Format(shape)} of {SampleElementType.NameOf(type)} asks for {wanted} bytes, more than the "
                    + $"{Math.Min(limit, Array.MaxLength)} that are left to a sample; split the sample"));
    }

    /// <summary>Whether another header, read later from the same file, says the same.</summary>
    public bool IsSameAs(TensorProtoHeader other) => Name == other.Name && ElementType == other.ElementType
        && Shape.AsSpan().SequenceEqual(other.Shape);

    /// <summary>
    /// Whether the bytes of values can be so many elements. Integers are stored with a variable length, so only bounds are known of these.
    /// </summary>
    private static bool Fits(long elements, int size, TensorElementType type, ProtoFields fields) =>
        fields.RawBytes is { } raw ? (Int128)elements * size == raw
        : type is TensorElementType.Float or TensorElementType.Double ? (Int128)elements * size == fields.ValueBytes
        : elements <= fields.ValueBytes && fields.ValueBytes <= (Int128)elements * LongestVarint;
}
