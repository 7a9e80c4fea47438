using System.Buffers.Binary;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Stored integer codes and the floats that they stand for.</summary>
internal static class CodeTensor
{
    private const int UInt4 = 21, Int4 = 22;

    /// <summary>Whether a tensor holds integers that can be codes.</summary>
    public static bool IsOne(TensorProto tensor) =>
        ElementBits.Of(tensor.DataType) is <= 32 && tensor.DataType is 2 or 3 or 4 or 5 or 6 or UInt4 or Int4;

    /// <summary>The smallest code of an element type.</summary>
    public static int LeastOf(int dataType) => dataType switch
    {
        3 => sbyte.MinValue,
        5 => short.MinValue,
        6 => int.MinValue,
        Int4 => -8,
        _ => 0,
    };

    /// <summary>The codes in their order.</summary>
    public static int[] Read(TensorProto tensor)
    {
        int count = checked((int)tensor.CountElements()!.Value);
        if (tensor.RawData.Length == 0)
        {
            return tensor.DataType is UInt4 or Int4
                ? ReadNibbles(count, i => (byte)tensor.Int32Data[i], tensor.DataType == Int4)
                : [.. tensor.Int32Data.Take(count)];
        }

        ReadOnlyMemory<byte> raw = tensor.RawData.Memory;
        if (tensor.DataType is UInt4 or Int4)
        {
            return ReadNibbles(count, i => raw.Span[i], tensor.DataType == Int4);
        }

        int[] codes = new int[count];
        ReadOnlySpan<byte> bytes = raw.Span;
        for (int i = 0; i < count; i++)
        {
            codes[i] = tensor.DataType switch
            {
                2 => bytes[i],
                3 => (sbyte)bytes[i],
                4 => BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]),
                5 => BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]),
                _ => BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]),
            };
        }

        return codes;
    }

    /// <summary>The floats of codes, <c>(code − zero-point) · scale</c> in 32-bit arithmetic, as DequantizeLinear defines it.</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="scales">The scales: one, one for each index of the axis, or one for each block along it.</param>
    /// <param name="zeroPoints">As many zero-points; null for 0.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="blockSize">The values of a block; 0 for no blocks.</param>
    public static float[] Dequantize(
        ReadOnlySpan<int> codes, IReadOnlyList<long> shape, float[] scales, int[]? zeroPoints, int axis, long blockSize)
    {
        float[] values = new float[codes.Length];
        long inner = shape.Skip(axis + 1).Aggregate(1L, (product, length) => product * length),
            length = shape.Count > axis ? shape[axis] : 1;
        long blocks = blockSize > 0 ? (length + blockSize - 1) / blockSize : 0;
        for (long i = 0; i < codes.Length; i++)
        {
            long index = i / inner % length;
            long scale = scales.Length == 1 ? 0
                : blockSize > 0 ? (((i / inner / length * blocks) + (index / blockSize)) * inner) + (i % inner)
                : index;
            values[i] = (codes[(int)i] - (zeroPoints is null ? 0 : zeroPoints[zeroPoints.Length == 1 ? 0 : scale])) * scales[scale];
        }

        return values;
    }

    private static int[] ReadNibbles(int count, Func<int, byte> bytes, bool isSigned)
    {
        int[] codes = new int[count];
        for (int i = 0; i < count; i++)
        {
            int code = (bytes(i / 2) >> (i % 2 * 4)) & 15;
            codes[i] = isSigned && code > 7 ? code - 16 : code;
        }

        return codes;
    }
}
