using System.Numerics.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Add, Sub, Mul and Div with a constant, as Add or Mul. The constant gets codes of a range of its own, like an activation.
/// </summary>
internal sealed class ConstantOperandLowering : ILowering
{
    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) => planned is { Facts.Constant: not null, Plan.Constant: not null };

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        ConstantOperand constant = planned.Facts.Constant!;
        TensorEncoding encoding = planned.Plan.Constant!.WithParameters(new ValueRange(constant.Values.Min(), constant.Values.Max()));
        FixedParameters parameters = (FixedParameters)encoding.Range;
        node.OpType = constant.OperatorType;
        byte[] codes = new byte[constant.Values.Length];
        new AffineQuantizer(encoding.Format, parameters.ToParameters(), Granularity.PerTensor)
            .Quantize(new ReadOnlyTensorSpan<float>(constant.Values), new TensorSpan<byte>(codes));
        string stored = graph.AddConstant(TensorData.Make<byte>(CodeTypes.ToOnnx(encoding.Format.Type), codes, constant.Shape));
        node.Input[constant.Input] = graph.AddDequantize(
            [stored, graph.AddScales([parameters.Scale], null), graph.AddZeroPoint(encoding)], null);
        return node;
    }
}
