using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>Reads one NumPy array into row-major order and the machine's byte order.</summary>
internal static class NpyReader
{
    /// <summary>Memory is taken as bytes arrive, so that a shape which lies about a short stream costs no more than the stream.</summary>
    private const int FirstRead = 1 << 20;

    /// <summary>Reads an array that fills its stream.</summary>
    /// <param name="stream">The stream, at the first byte of the header.</param>
    /// <param name="name">The name of the tensor, or null.</param>
    /// <exception cref="InvalidDataException">The array is damaged, or longer or shorter than its shape; the message is a clause about 'it', for the caller to put the file's name before.</exception>
    /// <exception cref="EndOfStreamException">The stream ends within the header.</exception>
    public static SampleTensor Read(Stream stream, string? name)
    {
        NpyHeader header = NpyHeader.Read(stream);
        byte[] data = ReadData(stream, header);
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

        return new SampleTensor(name, header.ElementType, header.Shape, data);
    }

    private static byte[] ReadData(Stream stream, NpyHeader header)
    {
        int wanted = header.DataLength;
        byte[] data = new byte[Math.Min(wanted, FirstRead)];
        int read = 0;
        while (read < wanted)
        {
            if (read == data.Length)
            {
                Array.Resize(ref data, (int)Math.Min(wanted, 2L * data.Length));
            }

            int count = stream.Read(data, read, data.Length - read);
            if (count == 0)
            {
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"its shape {SampleShape.Format(header.Shape)} of {SampleElementType.NameOf(header.ElementType)} needs {wanted} bytes, but it ends after {read}; write it again"));
            }

            read += count;
        }

        if (stream.ReadByte() >= 0)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"it goes on after the {wanted} bytes of its shape {SampleShape.Format(header.Shape)} of {SampleElementType.NameOf(header.ElementType)}; store one array a file"));
        }

        return data;
    }

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
