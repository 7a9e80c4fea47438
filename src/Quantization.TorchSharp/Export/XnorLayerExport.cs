using Quantization.Onnx;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// The ONNX form of XNOR layers: float arithmetic on signs. In the quantized form the weights are a byte each, ±1 with the scale α.
/// </summary>
internal static class XnorLayerExport
{
    public static OnnxValue Write(OnnxGraph graph, XnorLayer layer, OnnxValue input)
    {
        // ONNX's Sign gives 0 for 0, which has no binary code.
        OnnxValue isPositive = graph.Operator("GreaterOrEqual", [input, graph.Constant([0f])]);
        OnnxValue signs = graph.Operator("Where", [isPositive, graph.Constant([1f]), graph.Constant([-1f])]) with { Rank = input.Rank };
        Tensor means = BinaryWeightFunction.MeanMagnitudes(layer.Weight), weight = SignFunction.Of(layer.Weight) * means;
        TensorEncoding? encoding = graph.Options.Quantized ? Encode(means) : null;
        OnnxValue Plan(OnnxValue result) => graph.Plan(result, null, encoding);
        return layer is XnorConv2d convolution
            ? FloatLayerExport.WriteConvolution(graph, signs, weight, layer.Bias, convolution.Geometry, Plan)
            : FloatLayerExport.WriteLinear(graph, signs, weight, layer.Bias, Plan);
    }

    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>Codes of ±1 whose scale is α. A channel of zeros has a code of 0 and needs a scale all the same.</summary>
    private static TensorEncoding Encode(Tensor means)
    {
        using Tensor flat = means.reshape(-1).cpu();
        float[] scales = [.. TensorMemory.Span<float>(flat).ToArray().Select(mean => MathF.Max(mean, SmallestNormal))];
        return new TensorEncoding(
            CodeFormat.Int8.Restricted, QuantizationScheme.Symmetric, GranularityKind.PerChannel, new FixedScales([.. scales]));
    }
}
