using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// LSTM with int8 weights, as ONNX Runtime's own DynamicQuantizeLSTM: it turns its input, and at each step what it remembers, into codes of
/// a range of their own. Its matrices have a column for each row of LSTM's.
/// </summary>
internal sealed class RecurrentLowering(WeightRounding rounding) : ILowering
{
    private const string Domain = "com.microsoft";

    /// <summary>The inputs of the scales and the zero-points of both matrices.</summary>
    private const int FirstScale = 8;

    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) => planned is { Facts.Recurrence: not null, Plan.Weights: not null };

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        int directions = node.GetText("direction", "forward") == "bidirectional" ? 2 : 1;
        while (node.Input.Count < FirstScale)
        {
            node.Input.Add("");
        }

        foreach (PlannedNode matrix in planned.Matrices)
        {
            QuantizedWeight weight = rounding.Round(matrix);
            node.Input[matrix.Facts.Weight!.Input] = graph.AddConstant(Arrange(weight.Codes, directions));
            float[] scales = weight.Axis is null ? [.. Enumerable.Repeat(weight.Scales[0], directions)] : weight.Scales;
            long[] shape = weight.Axis is null ? [directions] : [directions, scales.Length / directions];
            node.Input.Add(graph.AddConstant(TensorData.Make<float>(TensorProto.Types.DataType.Float, scales, shape)));
            node.Input.Add(graph.AddConstant(TensorData.Make<byte>(TensorProto.Types.DataType.Int8, new byte[scales.Length], shape)));
        }

        node.OpType = "DynamicQuantizeLSTM";
        node.Domain = Domain;
        if (node.Attribute.FirstOrDefault(attribute => attribute.Name == "layout") is { } layout)
        {
            node.Attribute.Remove(layout); // 0, the only one that the operator has
        }

        graph.Import(Domain);
        return node;
    }

    /// <summary>The matrix of each direction with rows and columns exchanged.</summary>
    private static TensorProto Arrange(TensorProto codes, int directions)
    {
        (int rows, int columns) = ((int)codes.Dims[0] / directions, (int)codes.Dims[1]);
        byte[] to = new byte[codes.RawData.Length];
        for (int direction = 0; direction < directions; direction++)
        {
            int start = direction * rows * columns;
            MatrixCodes.Transpose(codes.RawData.Span[start..], to.AsSpan(start), rows, columns);
        }

        return TensorData.Make<byte>(TensorProto.Types.DataType.Int8, to, directions, columns, rows);
    }
}
