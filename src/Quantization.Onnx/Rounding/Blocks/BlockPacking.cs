using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Lays codes in blocks out as operators take them.</summary>
internal static class BlockPacking
{
    /// <summary>The layout of MatMulNBits: codes [outputs, blocks, bytes], zero points packed output by output.</summary>
    /// <param name="blocks">The codes.</param>
    /// <param name="scaleType">The type of the scales.</param>
    public static StoredBlocks ForMatMulNBits(QuantizedBlocks blocks, TensorProto.Types.DataType scaleType)
    {
        BlockShape shape = blocks.Shape;
        return new StoredBlocks(
            shape,
            TensorData.Make<byte>(TensorProto.Types.DataType.Uint8, blocks.Codes, shape.Outputs, shape.Blocks, shape.BlobBytes),
            MakeScales(blocks.Scales, scaleType, shape.Outputs, shape.Blocks),
            blocks.ZeroPoints is null ? null
                : TensorData.Make<byte>(
                TensorProto.Types.DataType.Uint8, PackRows(blocks.ZeroPoints, shape.Blocks, shape.Bits),
                shape.Outputs, (shape.Blocks * shape.Bits + 7) / 8));
    }

    /// <summary>The layout of GatherBlockQuantized: codes [rows, bytes], without the padding of the last block.</summary>
    /// <inheritdoc cref="ForMatMulNBits"/>
    public static StoredBlocks ForGather(QuantizedBlocks blocks, TensorProto.Types.DataType scaleType)
    {
        StoredBlocks stored = ForMatMulNBits(blocks, scaleType);
        BlockShape shape = blocks.Shape;
        int padded = shape.Blocks * shape.BlobBytes, width = shape.Inputs * shape.Bits / 8;
        byte[] codes = new byte[(long)shape.Outputs * width];
        for (int row = 0; row < shape.Outputs; row++)
        {
            blocks.Codes.AsSpan(row * padded, width).CopyTo(codes.AsSpan(row * width));
        }

        return stored with { Codes = TensorData.Make<byte>(TensorProto.Types.DataType.Uint8, codes, shape.Outputs, width) };
    }

    /// <summary>
    /// The layout of DequantizeLinear before a product: codes [inputs, outputs], scales and zero points [blocks, outputs].
    /// </summary>
    /// <remarks>Codes without zero points get a sign, so that 0 is their zero point.</remarks>
    /// <inheritdoc cref="ForMatMulNBits"/>
    public static StoredBlocks ForDequantizeLinear(QuantizedBlocks blocks, TensorProto.Types.DataType scaleType)
    {
        BlockShape shape = blocks.Shape;
        int offset = blocks.ZeroPoints is null ? 1 << (shape.Bits - 1) : 0;
        byte[] codes = new byte[(long)shape.Inputs * shape.Outputs];
        for (int output = 0; output < shape.Outputs; output++)
        {
            for (int input = 0; input < shape.Inputs; input++)
            {
                codes[(long)input * shape.Outputs + output] = (byte)((blocks.CodeAt(output, input) - offset) & shape.LargestCode);
            }
        }

        TensorProto.Types.DataType type = CodeTypes.ToOnnx((shape.Bits, blocks.ZeroPoints is null) switch
        {
            (4, true) => CodeType.Int4,
            (4, false) => CodeType.UInt4,
            (_, true) => CodeType.Int8,
            _ => CodeType.UInt8,
        });
        return new StoredBlocks(
            shape,
            TensorData.Make<byte>(type, PackRows(codes, codes.Length, shape.Bits), shape.Inputs, shape.Outputs),
            MakeScales(Transpose(blocks.Scales, shape), scaleType, shape.Blocks, shape.Outputs),
            blocks.ZeroPoints is null ? null
                : TensorData.Make<byte>(
                type, PackRows(Transpose(blocks.ZeroPoints, shape), shape.Blocks * shape.Outputs, shape.Bits), shape.Blocks,
                shape.Outputs));
    }

    /// <summary>Packs codes of a byte each, the first in the low bits; each row begins with a byte of its own.</summary>
    private static byte[] PackRows(byte[] codes, int rowLength, int bits)
    {
        int perByte = 8 / bits, rowBytes = (rowLength + perByte - 1) / perByte, rows = codes.Length / rowLength;
        byte[] packed = new byte[(long)rows * rowBytes];
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < rowLength; i++)
            {
                packed[(long)row * rowBytes + i / perByte] |= (byte)(codes[(long)row * rowLength + i] << (i % perByte * bits));
            }
        }

        return packed;
    }

    private static T[] Transpose<T>(T[] values, BlockShape shape)
    {
        T[] turned = new T[values.Length];
        for (int output = 0; output < shape.Outputs; output++)
        {
            for (int block = 0; block < shape.Blocks; block++)
            {
                turned[block * shape.Outputs + output] = values[output * shape.Blocks + block];
            }
        }

        return turned;
    }

    private static TensorProto MakeScales(float[] scales, TensorProto.Types.DataType type, params long[] shape)
    {
        TensorProto floats = TensorData.Make<float>(TensorProto.Types.DataType.Float, scales, shape);
        return type switch
        {
            TensorProto.Types.DataType.Float16 => HalfTensor.Make(floats, HalfFormat.Float16),
            TensorProto.Types.DataType.Bfloat16 => HalfTensor.Make(floats, HalfFormat.BFloat16),
            _ => floats,
        };
    }
}
