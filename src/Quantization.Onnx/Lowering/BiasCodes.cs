using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Biases as int32 codes, whose scale is that of the products they are added to: the activations' times the weights'.</summary>
internal static class BiasCodes
{
    /// <summary>Adds a bias as codes, rounded half to even; the name of what they stand for.</summary>
    public static string Add(float[] bias, QuantizedWeight weight, float inputScale, QdqGraph graph)
    {
        float[] scales = [.. weight.Scales.Select(scale => scale * inputScale)];
        int[] codes = new int[bias.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (int)Math.Round(bias[i] / (double)scales[scales.Length == 1 ? 0 : i], MidpointRounding.ToEven);
        }

        int? axis = weight.Axis is null ? null : 0;
        return graph.AddDequantize(
            [graph.AddConstant(TensorData.Make<int>(TensorProto.Types.DataType.Int32, codes, bias.Length)), graph.AddScales(scales, axis)],
            axis);
    }
}
