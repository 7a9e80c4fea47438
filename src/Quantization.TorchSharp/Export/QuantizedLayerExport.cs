using System.Numerics.Tensors;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>The ONNX form of quantized layers: QuantizeLinear and DequantizeLinear around their input, DequantizeLinear behind their integer weights.</summary>
internal static class QuantizedLayerExport
{
    public static OnnxValue Write(OnnxGraph graph, QuantizedLayer layer, OnnxValue input)
    {
        (Tensor weight, Tensor? bias) = layer.Fold();
        bool quantized = graph.Options.Quantized;
        OnnxValue source = quantized ? WriteActivation(graph, layer.InputQuantizer, input) : input;
        OnnxValue kernel = quantized ? WriteWeight(graph, layer, weight) : graph.Float(weight);
        return layer is QuantizedConvolution convolution
            ? FloatLayerExport.WriteConvolution(graph, source, kernel, bias, convolution.Geometry)
            : FloatLayerExport.WriteLinear(graph, source, kernel, bias);
    }

    /// <summary>The value behind its codes.</summary>
    public static OnnxValue WriteActivation(OnnxGraph graph, FakeQuantize quantizer, OnnxValue input)
    {
        if (!graph.Options.Quantized || !quantizer.Enabled)
        {
            return input;
        }

        UniformQuantizer mapping = quantizer.GetQuantizer();
        if (mapping.Granularity.Kind != GranularityKind.PerTensor || mapping.Format.Levels > 256)
        {
            throw new NotSupportedException($"{quantizer.Description}: activations are exported per-tensor, with at most 8 bits.");
        }

        // Always in a byte: ONNX Runtime 1.31 moves uint4 codes behind operators, MaxPool for one, that do not take them, and then refuses the model.
        CodeFormat format = mapping.Format;
        CodeType storage = format.IsSigned ? CodeType.Int8 : CodeType.UInt8;
        float scale = mapping.Parameters.Scales[0];
        int zeroPoint = mapping.Parameters.ZeroPoints[0];
        if (format.Levels < 256)
        {
            // QuantizeLinear saturates to the ends of the byte; the codes in use end before.
            input = FloatLayerExport.Clip(graph, input, (format.MinCode - zeroPoint) * scale, (format.MaxCode - zeroPoint) * scale);
        }

        OnnxValue step = graph.Constant([scale]);
        OnnxValue zero = graph.Codes(storage, [(byte)zeroPoint], []);
        OnnxValue codes = graph.Operator("QuantizeLinear", [input, step, zero]);
        return graph.Operator("DequantizeLinear", [codes, step, zero]);
    }

    private static OnnxValue WriteWeight(OnnxGraph graph, QuantizedLayer layer, Tensor weight)
    {
        if (!layer.WeightQuantizer.Enabled)
        {
            return graph.Float(weight);
        }

        UniformQuantizer mapping = layer.WeightQuantizer.GetQuantizer(weight);
        using DisposableTensor dense = DisposableTensor.DenseOf(weight);
        CodeFormat format = new(StorageOf(graph, mapping.Format), mapping.Format.MinCode, mapping.Format.MaxCode);
        byte[] codes = new byte[format.GetByteCount((nint)weight.numel())];
        new AffineQuantizer(format, mapping.Parameters, mapping.Granularity)
            .Quantize(new ReadOnlyTensorSpan<float>(TensorMemory.Span<float>(dense.Tensor), TensorMemory.Shape(dense.Tensor)), codes);

        ReadOnlySpan<float> scales = mapping.Parameters.Scales;
        bool perChannel = mapping.Granularity.Kind == GranularityKind.PerChannel;
        OnnxValue step = perChannel ? graph.Constant(scales, scales.Length) : graph.Constant(scales);
        OnnxValue zero = graph.Codes(format.Type, new byte[format.GetByteCount(scales.Length)], perChannel ? [scales.Length] : []);
        return graph.Operator("DequantizeLinear", [graph.Codes(format.Type, codes, weight.shape), step, zero], ("axis", (long)layer.ChannelAxis));
    }

    private static CodeType StorageOf(OnnxGraph graph, CodeFormat format) =>
        format.Type == CodeType.Int4 && graph.Options.FourBits == FourBitStorage.Bytes ? CodeType.Int8 : format.Type;
}
