using System.Globalization;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Finds out in which encodings a model is stored.</summary>
internal static class EncodingCounts
{
    /// <summary>The encodings, each with its number of nodes, or of tensors for 16-bit floats; and whether nodes work on codes.</summary>
    public static (SortedDictionary<string, int> Counts, bool IsQuantized) Of(ModelProto model)
    {
        SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (string name in model.AllNodes().Select(NameOf).OfType<string>())
        {
            counts[name] = counts.GetValueOrDefault(name) + 1;
        }

        bool isQuantized = counts.Count > 0;
        foreach (TensorProto tensor in model.AllTensors().Where(tensor => tensor.IsHalfFloat()))
        {
            string name = tensor.DataType == (int)TensorProto.Types.DataType.Float16 ? "float16 tensors" : "bfloat16 tensors";
            counts[name] = counts.GetValueOrDefault(name) + 1;
        }

        return (counts, isQuantized);
    }

    private static string? NameOf(NodeProto node) => node.OpType switch
    {
        "QuantizeLinear" or "DequantizeLinear" => "QDQ",
        "DynamicQuantizeLinear" or "MatMulInteger" or "ConvInteger" or "DynamicQuantizeMatMul" or "DynamicQuantizeLSTM" => "dynamic",
        "MatMulNBits" or "GatherBlockQuantized" => string.Create(
            CultureInfo.InvariantCulture, $"{node.OpType}, {node.GetInt("bits", 4)} bits in blocks of {node.GetInt("block_size", 128)}"),
        "QGemm" => "QOperator",
        _ => node.OpType.StartsWith("QLinear", StringComparison.Ordinal) ? "QOperator" : null,
    };
}
