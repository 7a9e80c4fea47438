using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A node's weights as codes, and what turns them back.</summary>
/// <param name="Format">The codes in use and how they are stored.</param>
/// <param name="Codes">The codes, shaped as the weights were.</param>
/// <param name="Scales">One scale, or one per output channel.</param>
/// <param name="Axis">The axis of the channels; null where one scale serves the tensor.</param>
internal sealed record QuantizedWeight(CodeFormat Format, TensorProto Codes, float[] Scales, int? Axis)
{
    /// <summary>The largest bias code that is asked for. Half of int32 is left for the sum of products that the bias is added to.</summary>
    private const double LargestBiasCode = 1 << 30;

    /// <summary>Quantizes a node's weights as its plan says.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="node">The node. Where it reads its input from codes, the input's scale and the weights' make the bias's.</param>
    /// <param name="weightRanges">Finds the ranges.</param>
    /// <exception cref="OnnxModelException">A weight or a bias is NaN or infinite, or a bias is too large for codes.</exception>
    public static QuantizedWeight Make(string modelPath, PlannedNode node, WeightRanges weightRanges)
    {
        WeightSlot slot = node.Facts.Weight!;
        TensorEncoding encoding = node.Plan.Weights!;
        QuantizationParameters parameters = encoding.Range is FixedScales given
            ? new QuantizationParameters(given.Scales.AsSpan())
            : FindParameters(modelPath, node, weightRanges);
        int? axis = encoding.Granularity == GranularityKind.PerChannel ? slot.ChannelAxis : null;
        Granularity granularity = axis is { } channels ? Granularity.PerChannel(channels) : Granularity.PerTensor;
        ReadOnlySpan<float> values = slot.Weight.ViewFloats();
        nint[] shape = [.. slot.Weight.Dims.Select(length => (nint)length)];
        byte[] codes = new byte[encoding.Format.GetByteCount(values.Length)];
        new SymmetricQuantizer(encoding.Format, parameters, granularity).Quantize(new ReadOnlyTensorSpan<float>(values, shape), codes);
        AddOffsets(node.Plan, codes, encoding.Format);
        return new QuantizedWeight(
            encoding.Format,
            TensorData.Make<byte>(CodeTypes.ToOnnx(encoding.Format.Type), codes, slot.Weight.Dims),
            parameters.Scales.ToArray(),
            axis);
    }

    private static void AddOffsets(NodePlan plan, byte[] codes, CodeFormat format)
    {
        for (int i = 0; i < Math.Min(codes.Length, plan.RoundingOffsets.Length); i++)
        {
            codes[i] = (byte)(sbyte)Math.Clamp((sbyte)codes[i] + plan.RoundingOffsets[i], (int)format.MinCode, (int)format.MaxCode);
        }
    }

    private static QuantizationParameters FindParameters(string modelPath, PlannedNode node, WeightRanges weightRanges)
    {
        WeightSlot slot = node.Facts.Weight!;
        TensorEncoding encoding = node.Plan.Weights!;
        float[]? bias = slot.Bias?.ReadFloats();
        bool perChannel = encoding.Granularity == GranularityKind.PerChannel;
        float[] magnitudes = weightRanges.Find(slot, encoding);
        ThrowUnlessFinite(modelPath, node, "weight", slot.Weight, magnitudes);
        ThrowUnlessFinite(modelPath, node, "bias", slot.Bias, bias ?? []);
        ValueRange[] ranges = new ValueRange[magnitudes.Length];
        for (int i = 0; i < ranges.Length; i++)
        {
            // A channel of nearly no weight would make the bias's step so small that the bias has no code. Beside an input in float the
            // bias needs none.
            float largestBias = bias is null || node.InputScale is null ? 0
                : perChannel ? LargestOf(bias, i, ranges.Length)
                : bias.Max(MathF.Abs);
            double leastScale = largestBias / ((node.InputScale ?? 1) * LargestBiasCode);
            float leastMagnitude = (float)(leastScale * encoding.Format.MaxCode);
            ranges[i] = float.IsFinite(leastMagnitude)
                ? ValueRange.Symmetric(MathF.Max(magnitudes[i], leastMagnitude))
                : throw TooLarge(modelPath, node, largestBias);
        }

        return QuantizationParameters.FromRanges(ranges, encoding.Format, QuantizationScheme.Symmetric);
    }

    /// <summary>What the codes stand for.</summary>
    public float[] Dequantize()
    {
        ReadOnlySpan<sbyte> codes = MemoryMarshal.Cast<byte, sbyte>(Codes.RawData.Span);
        int inner = Axis is { } axis ? (int)Codes.StrideOf(axis) : codes.Length;
        float[] values = new float[codes.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = codes[i] * Scales[i / inner % Scales.Length];
        }

        return values;
    }

    /// <summary>A ConvTranspose of several groups has a bias for each, but weights of the same channels.</summary>
    private static float LargestOf(float[] bias, int channel, int channels)
    {
        float largest = 0;
        for (int i = channel; i < bias.Length; i += channels)
        {
            largest = MathF.Max(largest, MathF.Abs(bias[i]));
        }

        return largest;
    }

    private static void ThrowUnlessFinite(string modelPath, PlannedNode node, string what, TensorProto? tensor, float[] values)
    {
        if (Array.Exists(values, value => !float.IsFinite(value)))
        {
            throw OnnxModelException.With(
                modelPath, ModelAdvice.NonFiniteWeights(modelPath, what, tensor!.Name, node.Facts.Node.Describe()), node.Facts.Node.Name);
        }
    }

    private static OnnxModelException TooLarge(string modelPath, PlannedNode node, float bias) => OnnxModelException.With(
        modelPath,
        ModelAdvice.BiasTooLarge(modelPath, node.Facts.Weight!.Bias!.Name, node.Facts.Node.Describe(), bias, node.Facts.Inputs[0]),
        node.Facts.Node.Name);
}
