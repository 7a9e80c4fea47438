using System.Globalization;
using System.Text;

namespace Quantization.Onnx;

/// <summary>The fields of a serialized TensorProto, with the lengths of its values in place of the values.</summary>
internal sealed class ProtoFields
{
    private const int DimsField = 1;
    private const int DataTypeField = 2;
    private const int NameField = 8;
    private const int RawDataField = 9;
    private const int DataLocationField = 14;

    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;
    private const int Fixed32 = 5;

    private readonly Stream _stream;

    private ProtoFields(Stream stream) => _stream = stream;

    /// <summary>The lengths of the axes.</summary>
    public List<long> Dims { get; } = [];

    /// <summary>The number of the element type.</summary>
    public int DataType { get; private set; }

    /// <summary>The tensor's name; null where it is empty.</summary>
    public string? Name { get; private set; }

    /// <summary>The length of <c>raw_data</c>; null where the tensor does not have it.</summary>
    public long? RawBytes { get; private set; }

    /// <summary>The length of the values in the fields that have a type.</summary>
    public long ValueBytes { get; private set; }

    /// <summary>Whether the values lie in another file.</summary>
    public bool IsExternal { get; private set; }

    /// <summary>Walks through a message that fills its stream, and skips the values.</summary>
    /// <exception cref="InvalidDataException">
    /// These are no fields, or they hold too much beside values; the message is a clause about 'it'.
    /// </exception>
    /// <exception cref="EndOfStreamException">A field is cut off.</exception>
    public static ProtoFields Read(Stream stream, int mostOtherBytes, int mostAxes)
    {
        ProtoFields fields = new(stream);
        long other = 0;
        while (stream.Position < stream.Length)
        {
            long start = stream.Position;
            bool isValue = fields.ReadField(fields.ReadVarint(), mostOtherBytes);
            other += isValue ? 0 : stream.Position - start;
            if (other > mostOtherBytes || fields.Dims.Count > mostAxes)
            {
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture, $"it holds more than {mostOtherBytes} bytes beside its values, or more than {mostAxes} "
                        + $"axes; write it again"));
            }
        }

        return fields;
    }

    /// <summary>Reads one field and says whether it holds values.</summary>
    private bool ReadField(ulong tag, int longest)
    {
        int wire = (int)(tag & 7);
        ulong field = tag >> 3;
        bool isValue = field is 4 or 5 or 7 or RawDataField or 10 or 11;
        long start = _stream.Position;
        switch (wire)
        {
            case Varint:
                Set(field, ReadVarint());
                break;
            case Fixed64 or Fixed32:
                Skip(wire == Fixed64 ? 8 : 4);
                break;
            case Delimited:
                long length = ReadLength();
                start = _stream.Position;
                if (!isValue && length > longest)
                {
                    throw NoTensor();
                }

                ReadDelimited(field, length);
                break;
            default:
                throw NoTensor();
        }

        if (field == RawDataField)
        {
            RawBytes = _stream.Position - start;
        }
        else if (isValue)
        {
            ValueBytes += _stream.Position - start;
        }

        return isValue;
    }

    private void ReadDelimited(ulong field, long length)
    {
        long end = _stream.Position + length;
        if (field == NameField)
        {
            byte[] name = new byte[length];
            _stream.ReadExactly(name);
            Name = length == 0 ? null : Encoding.UTF8.GetString(name);
        }
        else if (field == DimsField)
        {
            while (_stream.Position < end)
            {
                Set(field, ReadVarint());
            }

            if (_stream.Position != end)
            {
                throw NoTensor();
            }
        }
        else
        {
            Skip(length);
        }
    }

    private void Set(ulong field, ulong value)
    {
        switch (field)
        {
            case DimsField:
                Dims.Add((long)value);
                break;
            case DataTypeField:
                DataType = (int)value;
                break;
            case DataLocationField:
                IsExternal = value == 1;
                break;
        }
    }

    private long ReadLength()
    {
        ulong length = ReadVarint();
        return length <= (ulong)(_stream.Length - _stream.Position) ? (long)length : throw new EndOfStreamException();
    }

    private void Skip(long length)
    {
        if (length > _stream.Length - _stream.Position)
        {
            throw new EndOfStreamException();
        }

        _stream.Seek(length, SeekOrigin.Current);
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            int next = _stream.ReadByte();
            if (next < 0)
            {
                throw new EndOfStreamException();
            }

            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw NoTensor();
    }

    private static InvalidDataException NoTensor() => new("it is truncated or no serialized TensorProto; write it again");
}
