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
        if (mapping.Granularity.Kind != GranularityKind.PerTensor)
        {
            throw new NotSupportedException($"{quantizer.Description}: activations are exported per-tensor.");
        }

        CodeFormat format = mapping.Format;
        float scale = mapping.Parameters.Scales[0];
        int zeroPoint = mapping.Parameters.ZeroPoints[0];
        CodeType storage = StorageOf(graph, format);
        if (!FillsItsType(format, storage))
        {
            // QuantizeLinear saturates to the ends of the type; the codes in use end before.
            input = FloatLayerExport.Clip(graph, input, (format.MinCode - zeroPoint) * scale, (format.MaxCode - zeroPoint) * scale);
        }

        OnnxValue step = graph.Constant([scale]);
        OnnxValue zero = graph.Codes(storage, [(byte)(storage is CodeType.Int4 or CodeType.UInt4 ? zeroPoint & 15 : zeroPoint)], []);
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

    private static CodeType StorageOf(OnnxGraph graph, CodeFormat format) => format.StorageBits == 4 && graph.Options.FourBits == FourBitStorage.Bytes
        ? format.Type == CodeType.Int4 ? CodeType.Int8 : CodeType.UInt8
        : format.Type;

    private static bool FillsItsType(CodeFormat format, CodeType storage) => storage switch
    {
        CodeType.Int8 => format is { MinCode: sbyte.MinValue, MaxCode: sbyte.MaxValue },
        CodeType.UInt8 => format is { MinCode: byte.MinValue, MaxCode: byte.MaxValue },
        CodeType.Int4 => format is { MinCode: -8, MaxCode: 7 },
        _ => format is { MinCode: 0, MaxCode: 15 },
    };
}
