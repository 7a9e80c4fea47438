using System.Collections.Frozen;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>What ONNX Runtime makes of a quantized model on this machine.</summary>
/// <param name="Int8Operators">The nodes that run on integers, counted by operator.</param>
/// <param name="Conversions">The QuantizeLinear and DequantizeLinear nodes left.</param>
internal sealed record Int8Inspection(IReadOnlyDictionary<string, int> Int8Operators, int Conversions)
{
    private static readonly FrozenSet<string> IntegerOperators =
        FrozenSet.Create("ConvInteger", "DynamicQuantizeMatMul", "MatMulInteger", "MatMulIntegerToFloat", "QAttention", "QEmbedLayerNormalization", "QGemm");

    /// <summary>Reads the model as ONNX Runtime optimizes it.</summary>
    public static Int8Inspection Of(string modelPath, ModelProto quantized, Func<SessionOptions>? optionsFactory)
    {
        ModelProto optimized = OptimizedGraph.Of(modelPath, quantized, GraphOptimizationLevel.ORT_ENABLE_EXTENDED, optionsFactory);
        SortedDictionary<string, int> operators = new(StringComparer.Ordinal);
        int conversions = 0;
        foreach (NodeProto node in optimized.Graph.AllGraphs().SelectMany(graph => graph.Node))
        {
            if (node.OpType is "QuantizeLinear" or "DequantizeLinear")
            {
                conversions++;
            }
            else if (node.OpType.StartsWith("QLinear", StringComparison.Ordinal) || IntegerOperators.Contains(node.OpType))
            {
                operators[node.OpType] = operators.GetValueOrDefault(node.OpType) + 1;
            }
        }

        return new Int8Inspection(operators, conversions);
    }
}
