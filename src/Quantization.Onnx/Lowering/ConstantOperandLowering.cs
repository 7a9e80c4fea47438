using System.Numerics.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Add, Sub, Mul and Div with a constant, as Add or Mul. The constant gets codes of a range of its own, like an activation.</summary>
internal sealed class ConstantOperandLowering(PtqOptions options) : ILowering
{
    /// <inheritdoc />
    public bool CanLower(PlannedNode planned) => planned.Constant is not null;

    /// <inheritdoc />
    public NodeProto Lower(NodeProto node, PlannedNode planned, QdqGraph graph)
    {
        ConstantOperand constant = planned.Constant!;
        node.OpType = constant.OperatorType;
        QuantizationParameters parameters = ActivationRanges.FromRange(new ValueRange(constant.Values.Min(), constant.Values.Max()), options);
        byte[] codes = new byte[constant.Values.Length];
        new AffineQuantizer(options.ActivationFormat, parameters, Granularity.PerTensor).Quantize(new ReadOnlyTensorSpan<float>(constant.Values), new TensorSpan<byte>(codes));
        string stored = graph.AddConstant(TensorData.Make<byte>(graph.ActivationType, codes, constant.Shape));
        node.Input[constant.Input] = graph.AddDequantize([stored, graph.AddScales(parameters.Scales.ToArray(), null), graph.AddZeroPoint(parameters)], null);
        return node;
    }
}
