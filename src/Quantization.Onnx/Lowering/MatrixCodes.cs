using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Stores the codes of matrices, each once.</summary>
/// <param name="tables">The tables that were stored before.</param>
internal sealed class MatrixCodes(TableCodes tables)
{
    /// <summary>
    /// Stores codes and gives their name. Where they are a table's with rows and columns exchanged, the table's codes serve: ONNX Runtime
    /// exchanges these once, when it opens the model.
    /// </summary>
    public string Add(TensorProto codes, QdqGraph graph)
    {
        if (tables.FindTransposeOf(codes) is not { } table)
        {
            return graph.AddConstant(codes);
        }

        NodeProto transpose = NodeFactory.Make("Transpose", [table], graph.NewName());
        transpose.Attribute.Add(NodeFactory.Ints("perm", [1, 0]));
        graph.Add(transpose);
        return transpose.Output[0];
    }

    /// <summary>Codes with rows and columns exchanged.</summary>
    public static TensorProto Transpose(TensorProto codes)
    {
        (int rows, int columns) = ((int)codes.Dims[0], (int)codes.Dims[1]);
        byte[] to = new byte[rows * columns];
        Transpose(codes.RawData.Span, to, rows, columns);
        return TensorData.Make<byte>((TensorProto.Types.DataType)codes.DataType, to, columns, rows);
    }

    /// <summary>Exchanges rows and columns of one matrix.</summary>
    public static void Transpose(ReadOnlySpan<byte> from, Span<byte> to, int rows, int columns)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                to[(column * rows) + row] = from[(row * columns) + column];
            }
        }
    }
}
