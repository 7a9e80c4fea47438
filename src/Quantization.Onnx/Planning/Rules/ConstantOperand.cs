using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The constant that an Add, Sub, Mul or Div takes. Integers add and multiply only: a constant is subtracted by adding its negative and
/// divided by multiplying with its reciprocal.
/// </summary>
/// <param name="Input">The input that it is.</param>
/// <param name="OperatorType">Add or Mul.</param>
/// <param name="Values">The constant as this operator takes it.</param>
/// <param name="Shape">Its shape.</param>
internal sealed record ConstantOperand(int Input, string OperatorType, float[] Values, IReadOnlyList<long> Shape)
{
    /// <summary>Finds the constant of a node whose other operand is computed.</summary>
    /// <returns>Null where there is none, or where it cannot be written as codes.</returns>
    public static ConstantOperand? Find(NodeProto node, GraphIndex graph)
    {
        if (!Opset.IsOnnx(node.Domain) || node.OpType is not ("Add" or "Sub" or "Mul" or "Div"))
        {
            return null;
        }

        bool[] isConstant = [.. node.Input.Select(input => graph.FindConstant(input) is not null)];
        int input = isConstant[1] ? 1 : 0;
        bool commutes = node.OpType is "Add" or "Mul";
        if (isConstant[0] == isConstant[1] || (isConstant[0] && !commutes) || graph.FindConstant(node.Input[input]) is not { } tensor
            || !tensor.IsFloat() || tensor.Dims.Contains(0))
        {
            return null;
        }

        float[] values = tensor.ReadFloats();
        values = node.OpType switch
        {
            "Sub" => Array.ConvertAll(values, value => -value),
            "Div" => Array.ConvertAll(values, value => 1 / value),
            _ => values,
        };
        return values.All(float.IsFinite)
            ? new ConstantOperand(input, node.OpType is "Add" or "Sub" ? "Add" : "Mul", values, tensor.Dims)
            : null;
    }
}
