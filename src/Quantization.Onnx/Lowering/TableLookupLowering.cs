using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Gather from a constant table: looks codes up, and each row's scale beside them, and multiplies, which is what DequantizeLinear computes,
/// of the rows that are wanted alone. Behind a DequantizeLinear of the table, ONNX Runtime would compute the whole of it at every run;
/// behind a Gather, DequantizeLinear knows no scale per row.
/// </summary>
internal sealed class TableLookupLowering(WeightRounding rounding, TableCodes tables) : ILowering
{
    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) => planned is { Facts.Role: NodeRole.TableLookup, Plan.Weights: not null };

    /// <inheritdoc />
    public NodeProto? Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        QuantizedWeight table = rounding.Round(planned);
        int input = planned.Facts.Weight!.Input;
        string result = node.Output[0];
        NodeProto ofScales = node.Clone();
        node.Input[input] = graph.AddConstant(table.Codes);
        tables.Add(table.Codes, node.Input[input]);
        node.Output[0] = graph.NewName();
        graph.Add(node);

        string scale = graph.AddConstant(
            TensorData.Make<float>(TensorProto.Types.DataType.Float, table.Scales, table.Axis is null ? [] : [table.Scales.Length, 1]));
        if (table.Axis is not null)
        {
            ofScales.ClearName();
            ofScales.Input[input] = scale;
            ofScales.Output[0] = scale = graph.NewName();
            graph.Add(ofScales);
        }

        graph.Add(NodeFactory.Make("Mul", [graph.AddCast(node.Output[0]), scale], result));
        return null;
    }
}
