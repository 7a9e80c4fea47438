namespace Quantization.Onnx;

/// <summary>Finds the fields of serialized protobuf messages in a file, and reads no more of it than their tags.</summary>
internal sealed class ProtoScanner(TensorFile file)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;
    private const int Fixed32 = 5;

    private readonly byte[] _window = new byte[4096];
    private long _windowStart;
    private int _windowLength;

    /// <summary>Finds the field that begins at a place.</summary>
    /// <returns>
    /// False where there is none that ends within the message, or one of a kind that ONNX does not use; what there is, protobuf's own
    /// reader says better.
    /// </returns>
    public bool TryFind(long start, long end, out ProtoField field)
    {
        field = default;
        long position = start;
        if (!TryReadVarint(ref position, end, out ulong tag) || tag > uint.MaxValue || tag >> 3 == 0)
        {
            return false;
        }

        ulong value = 0;
        long content = position;
        switch (tag & 7)
        {
            case Varint when TryReadVarint(ref position, end, out value):
                break;
            case Fixed64:
                position += sizeof(ulong);
                break;
            case Fixed32:
                position += sizeof(uint);
                break;
            case Delimited when TryReadVarint(ref position, end, out ulong length) && length <= (ulong)(end - position):
                content = position;
                position += (long)length;
                break;
            default:
                return false;
        }

        field = new ProtoField((int)(tag >> 3), (tag & 7) == Delimited, start, content, position, value);
        return position <= end;
    }

    private bool TryReadVarint(ref long position, long end, out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 64 && position < end; shift += 7)
        {
            byte next = ReadByte(position++);
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private byte ReadByte(long position)
    {
        if (position < _windowStart || position >= _windowStart + _windowLength)
        {
            _windowStart = position;
            _windowLength = (int)Math.Min(_window.Length, file.Length - position);
            file.Read(position, _window.AsSpan(0, _windowLength));
        }

        return _window[position - _windowStart];
    }
}
