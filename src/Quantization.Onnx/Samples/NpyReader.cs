using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>Reads one NumPy array into row-major order and the machine's byte order.</summary>
internal static class NpyReader
{
    /// <summary>Reads a header and checks what it claims before anybody makes room for it.</summary>
    /// <param name="stream">The stream, at the first byte of the header.</param>
    /// <param name="length">The length of the array with its header, as its file or archive says.</param>
    /// <param name="limit">The most bytes that the elements may take.</param>
    /// <exception cref="InvalidDataException">
    /// The header is damaged, does not fit the length or exceeds the limit; the message is a clause about 'it', for the caller to put the
    /// file's name before.
    /// </exception>
    /// <exception cref="EndOfStreamException">The stream ends within the header.</exception>
    public static NpyHeader ReadHeader(Stream stream, long length, long limit)
    {
        NpyHeader header = NpyHeader.Read(stream);
        int wanted = header.DataLength;
        long there = length - header.Length;
        if (there < wanted)
        {
            throw TooShort(header, there);
        }

        if (there > wanted)
        {
            throw TooLong(header);
        }

        return wanted <= limit ? header : throw new InvalidDataException(string.Create(
            CultureInfo.InvariantCulture,
            $"its shape {SampleShape.Format(header.Shape)} of {SampleElementType.NameOf(header.ElementType)} asks for {wanted} bytes, "
                + $"more than the {limit} that are left to a sample; split the sample"));
    }

    /// <summary>Reads the elements behind a header that was checked.</summary>
    /// <exception cref="InvalidDataException">There are fewer or more of them than the header says.</exception>
    public static byte[] ReadData(Stream stream, NpyHeader header)
    {
        byte[] data = ReadBytes(stream, header);
        int size = SampleElementType.SizeOf(header.ElementType);
        if (header.IsBigEndian == BitConverter.IsLittleEndian)
        {
            ReverseEndianness(data, size);
        }

        if (header.ElementType == TensorElementType.Bool)
        {
            foreach (ref byte value in data.AsSpan())
            {
                value = (byte)(value == 0 ? 0 : 1);
            }
        }

        if (header.IsFortranOrder && header.Shape.Length > 1 && data.Length > 0)
        {
            data = size switch
            {
                1 => ToRowMajor<byte>(data, header.Shape),
                2 => ToRowMajor<ushort>(data, header.Shape),
                4 => ToRowMajor<uint>(data, header.Shape),
                _ => ToRowMajor<ulong>(data, header.Shape),
            };
        }

        return data;
    }

    private static byte[] ReadBytes(Stream stream, NpyHeader header)
    {
        byte[] data = new byte[header.DataLength];
        int read = stream.ReadAtLeast(data, data.Length, throwOnEndOfStream: false);
        return read < data.Length ? throw TooShort(header, read) : stream.ReadByte() >= 0 ? throw TooLong(header) : data;
    }

    private static InvalidDataException TooShort(NpyHeader header, long there) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"its shape {SampleShape.Format(header.Shape)} of {SampleElementType.NameOf(header.ElementType)} needs {header.DataLength} bytes, "
            + $"but it ends after {there}; write it again"));

    private static InvalidDataException TooLong(NpyHeader header) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"it goes on after the {header.DataLength} bytes of its shape {SampleShape.Format(header.Shape)} of "
            + $"{SampleElementType.NameOf(header.ElementType)}; store one array per file"));

    /// <summary>Turns the bytes of each element around.</summary>
    public static void ReverseEndianness(Span<byte> data, int size)
    {
        switch (size)
        {
            case 2:
                Span<ushort> two = MemoryMarshal.Cast<byte, ushort>(data);
                BinaryPrimitives.ReverseEndianness(two, two);
                break;
            case 4:
                Span<uint> four = MemoryMarshal.Cast<byte, uint>(data);
                BinaryPrimitives.ReverseEndianness(four, four);
                break;
            case 8:
                Span<ulong> eight = MemoryMarshal.Cast<byte, ulong>(data);
                BinaryPrimitives.ReverseEndianness(eight, eight);
                break;
        }
    }

    private static byte[] ToRowMajor<T>(byte[] data, long[] shape)
        where T : unmanaged
    {
        ReadOnlySpan<T> source = MemoryMarshal.Cast<byte, T>(data);
        byte[] result = new byte[data.Length];
        Span<T> destination = MemoryMarshal.Cast<byte, T>(result.AsSpan());
        long[] stride = new long[shape.Length];
        for (int axis = 0; axis < shape.Length; axis++)
        {
            stride[axis] = axis == 0 ? 1 : stride[axis - 1] * shape[axis - 1];
        }

        long[] index = new long[shape.Length];
        long offset = 0;
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = source[(int)offset];
            for (int axis = shape.Length - 1; axis >= 0; axis--)
            {
                offset += stride[axis];
                if (++index[axis] < shape[axis])
                {
                    break;
                }

                offset -= stride[axis] * shape[axis];
                index[axis] = 0;
            }
        }

        return result;
    }
}
