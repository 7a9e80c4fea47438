using System.Numerics.Tensors;
using Quantization.Onnx;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>Linear layers with weights in blocks, as ONNX Runtime's MatMulNBits. The input is in float.</summary>
internal static class BlockLayerExport
{
    private const string Operator = "MatMulNBits";

    /// <summary>Adds a layer.</summary>
    /// <param name="graph">The graph to write to.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="input">Its input.</param>
    /// <param name="weight">Its weights, [outputs, inputs].</param>
    /// <param name="bias">Its bias; null for none.</param>
    public static OnnxValue Write(OnnxGraph graph, QuantizedLayer layer, OnnxValue input, Tensor weight, Tensor? bias)
    {
        if (layer.InputQuantizer.Enabled)
        {
            throw new NotSupportedException(
                $"{layer.Path}: a layer with weights in blocks is exported with activations in float; set "
                    + "LayerQuantization.QuantizesActivations to false, or give each channel one scale.");
        }

        UniformQuantizer mapping = layer.WeightQuantizer.GetQuantizer(weight);
        using DisposableTensor dense = DisposableTensor.DenseOf(weight.detach());
        (int outputs, int inputs, int size) = ((int)weight.shape[0], (int)weight.shape[1], mapping.Granularity.BlockSize);
        sbyte[] codes = new sbyte[outputs * inputs];

        // A byte each to begin with, which has room for the operator's zero-point, half of the codes.
        CodeFormat bytes = new(CodeType.Int8, mapping.Format.MinCode, mapping.Format.MaxCode);
        new AffineQuantizer(bytes, mapping.Parameters, mapping.Granularity).Quantize(
            new ReadOnlyTensorSpan<float>(TensorMemory.Span<float>(dense.Tensor), [outputs, inputs]),
            new TensorSpan<sbyte>(codes, [outputs, inputs]));
        int bits = mapping.Format.StorageBits;
        OnnxValue stored = graph.Bytes(Pack(codes, bits), [outputs, inputs / size, size * bits / 8]);
        OnnxValue?[] operands = [input, stored, graph.Constant(mapping.Parameters.Scales, outputs * inputs / size)];
        return graph.RuntimeOperator(
            Operator,
            bias is null ? operands : [.. operands, null, null, graph.Float(bias)],
            ("K", (long)inputs),
            ("N", (long)outputs),
            ("bits", (long)bits),
            ("block_size", (long)size),
            ("accuracy_level", (long)BlockLayout.UsualAccuracyLevel));
    }

    /// <summary>Codes without sign: one in a byte, or two, the first in its lower half.</summary>
    private static byte[] Pack(ReadOnlySpan<sbyte> codes, int bits)
    {
        byte[] packed = new byte[codes.Length * bits / 8];
        int half = 1 << (bits - 1), perByte = 8 / bits;
        for (int i = 0; i < codes.Length; i++)
        {
            packed[i / perByte] |= (byte)((codes[i] + half) << (bits * (i % perByte)));
        }

        return packed;
    }
}
