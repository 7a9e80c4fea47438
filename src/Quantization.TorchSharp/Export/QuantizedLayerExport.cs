using Quantization.Onnx;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// Quantized layers as float operators with a plan: the parameters that training found for their input and weights. The lowerings of
/// Quantization.Onnx write the codes.
/// </summary>
internal static class QuantizedLayerExport
{
    /// <summary>Adds a layer.</summary>
    public static OnnxValue Write(OnnxGraph graph, QuantizedLayer layer, OnnxValue input)
    {
        (Tensor weight, Tensor? bias) = layer.Fold();
        if (graph.Options.Quantized && layer.Quantization.WeightGranularity == GranularityKind.PerBlock && layer.WeightQuantizer.Enabled)
        {
            return BlockLayerExport.Write(graph, layer, input, weight, bias);
        }
        TensorEncoding? ofInput = null, ofWeights = null;
        if (graph.Options.Quantized)
        {
            (input, ofInput) = Encode(graph, layer.InputQuantizer, input);
            ofWeights = EncodeWeight(graph, layer.WeightQuantizer, weight);
        }

        OnnxValue Plan(OnnxValue result) => graph.Plan(result, ofInput, ofWeights);
        return layer is QuantizedConvolution convolution
            ? FloatLayerExport.WriteConvolution(graph, input, weight, bias, convolution.Geometry, Plan)
            : FloatLayerExport.WriteLinear(graph, input, weight, bias, Plan);
    }

    /// <summary>Adds a table.</summary>
    public static OnnxValue Write(OnnxGraph graph, QuantizedEmbedding layer, OnnxValue input)
    {
        OnnxValue rows = graph.Operator("Gather", [graph.Float(layer.Weight), input]) with { Rank = input.Rank + 1 };
        return graph.Options.Quantized ? graph.Plan(rows, null, EncodeWeight(graph, layer.WeightQuantizer, layer.Weight)) : rows;
    }

    /// <summary>Adds the rounding of a value.</summary>
    public static OnnxValue WriteActivation(OnnxGraph graph, FakeQuantize quantizer, OnnxValue input)
    {
        (OnnxValue source, TensorEncoding? encoding) = graph.Options.Quantized ? Encode(graph, quantizer, input) : (input, null);
        return encoding is null ? source : graph.Plan(graph.Operator("Identity", [source]), encoding, null);
    }

    /// <summary>The encoding of a value, and the value, cut off where fewer codes than a byte's are in use.</summary>
    private static (OnnxValue Value, TensorEncoding? Encoding) Encode(OnnxGraph graph, FakeQuantize quantizer, OnnxValue input)
    {
        if (!quantizer.Enabled)
        {
            return (input, null);
        }

        UniformQuantizer mapping = quantizer.GetQuantizer();
        if (mapping.Granularity.Kind != GranularityKind.PerTensor || mapping.Format.Levels > 256)
        {
            throw new NotSupportedException($"{quantizer.Description}: activations are exported per-tensor, with at most 8 bits.");
        }

        // Always in a byte: ONNX Runtime 1.31 moves uint4 codes behind operators, MaxPool for one, that do not take them, and then refuses
        // the model.
        CodeFormat format = mapping.Format;
        float scale = mapping.Parameters.Scales[0];
        int zeroPoint = mapping.Parameters.ZeroPoints[0];
        if (format.Levels < 256)
        {
            // QuantizeLinear saturates to the ends of the byte; the codes in use end before.
            input = FloatLayerExport.Clip(graph, input, (format.MinCode - zeroPoint) * scale, (format.MaxCode - zeroPoint) * scale);
        }

        CodeFormat stored = format.IsSigned ? CodeFormat.Int8 : CodeFormat.UInt8;
        return (input, new TensorEncoding(
            stored, QuantizationScheme.Affine, GranularityKind.PerTensor, new FixedParameters(scale, zeroPoint)));
    }

    private static TensorEncoding? EncodeWeight(OnnxGraph graph, FakeQuantize quantizer, Tensor weight)
    {
        if (!quantizer.Enabled)
        {
            return null;
        }

        UniformQuantizer mapping = quantizer.GetQuantizer(weight);
        CodeFormat format = mapping.Format;
        CodeType stored = format.Type == CodeType.Int4 && graph.Options.FourBits == FourBitStorage.Bytes ? CodeType.Int8 : format.Type;
        return new TensorEncoding(
            new CodeFormat(stored, format.MinCode, format.MaxCode),
            QuantizationScheme.Symmetric,
            mapping.Granularity.Kind,
            new FixedScales([.. mapping.Parameters.Scales]));
    }
}
