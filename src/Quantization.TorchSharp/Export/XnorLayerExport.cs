using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>The ONNX form of XNOR layers: float arithmetic on signs. In the quantized form the weights are a byte each, ±1 with the scale α.</summary>
internal static class XnorLayerExport
{
    public static OnnxValue Write(OnnxGraph graph, XnorLayer layer, OnnxValue input)
    {
        // ONNX's Sign gives 0 for 0, which has no binary code.
        OnnxValue isPositive = graph.Operator("GreaterOrEqual", [input, graph.Constant([0f])]);
        OnnxValue signs = graph.Operator("Where", [isPositive, graph.Constant([1f]), graph.Constant([-1f])]) with { Rank = input.Rank };
        OnnxValue weight = WriteWeight(graph, layer);
        return layer is XnorConv2d convolution
            ? FloatLayerExport.WriteConvolution(graph, signs, weight, layer.Bias, convolution.Geometry)
            : FloatLayerExport.WriteLinear(graph, signs, weight, layer.Bias);
    }

    private static OnnxValue WriteWeight(OnnxGraph graph, XnorLayer layer)
    {
        Tensor signs = SignFunction.Of(layer.Weight), means = BinaryWeightFunction.MeanMagnitudes(layer.Weight);
        if (!graph.Options.Quantized)
        {
            return graph.Float(signs * means);
        }

        byte[] codes = [.. TensorMemory.Span<float>(signs.cpu()).ToArray().Select(sign => (byte)(sbyte)sign)];
        OnnxValue scales = graph.Float(means.reshape(-1));
        return graph.Operator("DequantizeLinear", [graph.Codes(CodeType.Int8, codes, signs.shape), scales], ("axis", 0L));
    }
}
