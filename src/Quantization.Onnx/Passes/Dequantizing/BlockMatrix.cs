using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// ONNX Runtime's MatMulNBits: a matrix as codes of 2, 4 or 8 bits, packed from the lowest bits on, column by column, with a scale and a
/// zero-point for each block of a column. It becomes MatMul by the float matrix.
/// </summary>
internal static class BlockMatrix
{
    private const int Codes = 1, Scales = 2, ZeroPoints = 3, Order = 4, Bias = 5;

    /// <summary>Takes a node where it is a MatMulNBits.</summary>
    public static bool TryAdd(NodeProto node, DequantizedGraph graph)
    {
        if (node.OpType != "MatMulNBits")
        {
            return false;
        }

        (int rows, int columns) = ((int)node.GetInt("K", 0), (int)node.GetInt("N", 0));
        float[] values = Dequantize(node, rows, columns, graph);
        string weights = graph.AddWeights(values, [rows, columns]);
        string? bias = node.Input.ElementAtOrDefault(Bias) is { Length: > 0 } name ? graph.NameOf(name) : null;
        NodeProto made = NodeFactory.Make(
            "MatMul", [graph.NameOf(node.Input[0]), weights], bias is null ? node.Output[0] : graph.NewName());
        made.Name = node.Name;
        graph.Add(made);
        if (bias is not null)
        {
            graph.Add("Add", [made.Output[0], bias], node.Output[0]);
        }

        return true;
    }

    /// <summary>The float matrix, row by row.</summary>
    private static float[] Dequantize(NodeProto node, int rows, int columns, DequantizedGraph graph)
    {
        int bits = (int)node.GetInt("bits", 4), block = (int)node.GetInt("block_size", 0);
        TensorProto? codes = graph.FindConstant(node.Input[Codes]), scales = graph.FindConstant(node.Input[Scales]);
        string zeroPoint = node.Input.ElementAtOrDefault(ZeroPoints) ?? "";
        TensorProto? zeroPoints = zeroPoint.Length == 0 ? null : graph.FindConstant(zeroPoint);
        if (codes is null || scales is null || !scales.IsFloat() || (zeroPoint.Length > 0 && zeroPoints is null)
            || node.Input.ElementAtOrDefault(Order) is { Length: > 0 } || bits is not (2 or 4 or 8) || block < 1 || rows < 1 || columns < 1)
        {
            throw graph.Unknown(
                node, "its codes, scales or zero-points are not constant, its scales not 32-bit floats, or its rows are in another order");
        }

        graph.ThrowUnlessFits(node, (long)rows * columns);
        int blocks = (rows + block - 1) / block;
        byte[] packed = BytesOf(codes);
        float[] factors = scales.ReadFloats();
        float[]? floatZeros = zeroPoints is not null && zeroPoints.IsFloat() ? zeroPoints.ReadFloats() : null;
        byte[]? zeros = zeroPoints is null || floatZeros is not null ? null : BytesOf(zeroPoints);
        int bytesOfZeros = ((blocks * bits) + 7) / 8, bytesOfBlock = ((block * bits) + 7) / 8;
        if (packed.Length != (long)columns * blocks * bytesOfBlock
            || factors.Length != (long)columns * blocks
            || (zeros is not null && zeros.Length != (long)columns * bytesOfZeros)
            || (floatZeros is not null && floatZeros.Length != factors.Length))
        {
            throw graph.Unknown(node, "the number of its codes, scales or zero-points does not fit K, N and block_size");
        }

        float[] values = new float[(long)rows * columns];
        for (int column = 0; column < columns; column++)
        {
            for (int row = 0; row < rows; row++)
            {
                int group = (column * blocks) + (row / block);
                int code = Unpack(packed.AsSpan(group * bytesOfBlock), row % block, bits);
                float zero = floatZeros is not null ? floatZeros[group]
                    : zeros is not null ? Unpack(zeros.AsSpan(column * bytesOfZeros), row / block, bits)
                    : 1 << (bits - 1);
                values[((long)row * columns) + column] = (code - zero) * factors[group];
            }
        }

        return values;
    }

    private static int Unpack(ReadOnlySpan<byte> packed, int index, int bits) =>
        (packed[index * bits / 8] >> (index * bits % 8)) & ((1 << bits) - 1);

    private static byte[] BytesOf(TensorProto tensor) =>
        tensor.RawData.Length > 0 ? tensor.RawData.ToByteArray() : [.. tensor.Int32Data.Select(value => (byte)value)];
}
