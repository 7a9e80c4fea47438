using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The stored tensor behind the matrix that a node multiplies by. Exporters put Transpose, Cast and Identity between both, which models
/// that stay in their files keep: constants are not folded.
/// </summary>
/// <param name="Tensor">The stored tensor.</param>
/// <param name="IsTransposed">Whether the node multiplies by its transpose.</param>
/// <param name="FloatType">The type that the node reads it in.</param>
internal sealed record BlockWeightSource(TensorProto Tensor, bool IsTransposed, TensorProto.Types.DataType FloatType)
{
    private static readonly long[] Exchange = [1, 0];

    /// <summary>Finds the tensor behind a value.</summary>
    /// <returns>Null where the value is computed.</returns>
    public static BlockWeightSource? Find(string value, GraphIndex graph)
    {
        bool isTransposed = false;
        TensorProto.Types.DataType? type = null;
        while (graph.FindConstant(value) is null)
        {
            if (graph.FindProducer(value) is not { } node || !Opset.IsOnnx(node.Domain) || node.Input.Count == 0)
            {
                return null;
            }

            switch (node.OpType)
            {
                case "Identity":
                    break;
                case "Cast" when IsFloat(node.GetInt("to", 0)):
                    type ??= (TensorProto.Types.DataType)node.GetInt("to", 0);
                    break;
                case "Transpose" when node.GetInts("perm", Exchange.Length, -1) is var order
                    && (order.SequenceEqual(Exchange) || order[0] == -1):
                    isTransposed = !isTransposed;
                    break;
                default:
                    return null;
            }

            value = node.Input[0];
        }

        TensorProto tensor = graph.FindConstant(value)!;
        return new BlockWeightSource(tensor, isTransposed, type ?? (TensorProto.Types.DataType)tensor.DataType);
    }

    /// <summary>Whether an element type is one of the floats that weights are stored in.</summary>
    public static bool IsFloat(long type) => type == (long)TensorProto.Types.DataType.Float || TensorData.IsHalfFloat(type);
}
