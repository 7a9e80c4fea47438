using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Finds the two matrices of an LSTM: that of its inputs, and that of what it remembers.</summary>
internal static class RecurrentMatrices
{
    /// <summary>The input that holds the matrix of what is remembered.</summary>
    public const int RecurrenceInput = 2;

    /// <summary>Finds the matrices. Each row of a direction is a channel.</summary>
    /// <param name="node">A node.</param>
    /// <param name="graph">The graph around it.</param>
    /// <param name="target">What the node will run on.</param>
    /// <param name="reason">Why the node stays in float where it is an LSTM that does; otherwise null.</param>
    /// <returns>The node as one that can run on codes; null where it cannot.</returns>
    public static QuantizableNode? Find(NodeProto node, GraphIndex graph, Target target, out string? reason)
    {
        reason = null;
        if (node.OpType != "LSTM" || !Opset.IsOnnx(node.Domain))
        {
            return null;
        }

        TensorProto? weight = graph.FindConstant(node.Input[WeightSlot.WeightInput]),
            recurrence = graph.FindConstant(node.Input[RecurrenceInput]);
        reason = !target.TakesDynamicInputs ? "the runtime has no known form of a recurrent layer with int8 weights"
            : weight is null || recurrence is null ? "its weights are computed, not constant"
            : !weight.IsFloat() || !recurrence.IsFloat() ? "its weights are not 32-bit floats"
            : weight.Dims.Count != 3 || recurrence.Dims.Count != 3 || weight.Dims.Concat(recurrence.Dims).Contains(0)
                ? "its weights are not a matrix for each direction"
            : node.GetInt("layout", 0) != 0 ? "its batch axis comes first, for which ONNX Runtime has no int8 form"
            : node.Output[0].Length == 0 ? "its first result is missing, which plans need to name the node"
            : graph.FindConstant(node.Input[0]) is not null ? "its input is constant"
            : null;
        return reason is null
            ? new QuantizableNode(node, NodeRole.Weighted, [node.Input[0]], node)
            {
                Weight = RowsOf(weight!, WeightSlot.WeightInput),
                Recurrence = RowsOf(recurrence!, RecurrenceInput),
                TakesDynamicInput = true
            }
            : null;
    }

    /// <summary>The matrices of all directions, below each other. The values stay where they are.</summary>
    private static WeightSlot RowsOf(TensorProto weight, int input)
    {
        TensorProto rows = weight.Clone();
        rows.Dims.Clear();
        rows.Dims.Add([weight.Dims[0] * weight.Dims[1], weight.Dims[2]]);
        return new WeightSlot(rows, 0, null, false) { Input = input };
    }
}
