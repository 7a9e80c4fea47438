using System.Collections.Frozen;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>What ONNX Runtime makes of a quantized model on this machine.</summary>
/// <param name="Int8Operators">The nodes that run on integers, counted by operator.</param>
/// <param name="Conversions">The QuantizeLinear and DequantizeLinear nodes left, each with its kind and the reason.</param>
internal sealed record Int8Inspection(
    IReadOnlyDictionary<string, int> Int8Operators, IReadOnlyList<(string Kind, string Reason)> Conversions)
{
    private static readonly FrozenSet<string> IntegerOperators =
        FrozenSet.Create(
            "ConvInteger", "DynamicQuantizeLSTM", "DynamicQuantizeMatMul", "MatMulInteger", "MatMulIntegerToFloat", "MatMulNBits",
            "QAttention", "QEmbedLayerNormalization", "QGemm");

    /// <summary>Reads the model as ONNX Runtime optimizes it.</summary>
    public static Int8Inspection Of(string modelPath, ModelProto quantized, Func<SessionOptions>? optionsFactory, long largestInMemory)
    {
        return Of(OptimizedGraph.Of(modelPath, quantized, GraphOptimizationLevel.ORT_ENABLE_EXTENDED, optionsFactory, largestInMemory));
    }

    /// <summary>Reads a model as it is.</summary>
    public static Int8Inspection Of(ModelProto optimized)
    {
        SortedDictionary<string, int> operators = new(StringComparer.Ordinal);
        List<(string Kind, string Reason)> conversions = [];
        foreach (GraphProto graph in optimized.Graph.AllGraphs())
        {
            GraphIndex index = new(graph);
            foreach (NodeProto node in graph.Node)
            {
                if (IsConversion(node))
                {
                    conversions.Add(Explain(node, index));
                }
                else if (IsInteger(node))
                {
                    operators[node.OpType] = operators.GetValueOrDefault(node.OpType) + 1;
                }
            }
        }

        return new Int8Inspection(operators, conversions);
    }

    private static bool IsConversion(NodeProto node) => node.OpType is "QuantizeLinear" or "DequantizeLinear";

    private static bool IsInteger(NodeProto node) =>
        node.OpType.StartsWith("QLinear", StringComparison.Ordinal) || IntegerOperators.Contains(node.OpType);

    /// <summary>Who is on the float side of a conversion.</summary>
    private static (string Kind, string Reason) Explain(NodeProto conversion, GraphIndex graph)
    {
        string from = conversion.Input[0], to = conversion.Output[0];
        if (conversion.OpType == "QuantizeLinear")
        {
            NodeProto? producer = graph.FindProducer(from);
            if (producer is { OpType: FusionBarrier.OperatorType, Input.Count: 1 })
            {
                from = producer.Input[0];
                producer = graph.FindProducer(from);
            }

            return producer is not null
                ? ($"floats to codes after {producer.OpType}", $"to codes: '{from}' is made in float by {producer.Describe()}")
                : ("floats to codes at an input", $"to codes: '{from}' comes in as floats");
        }

        NodeProto[] readers = [.. graph.Consumers(to).Where(reader => !IsConversion(reader))];
        bool isWeight = graph.FindConstant(from) is not null;
        string codes = isWeight ? "weights to floats" : "to floats";
        return readers.Length > 0
            ? ($"{(isWeight ? "weights" : "codes")} to floats before "
                + $"{string.Join(" and ", readers.Select(reader => reader.OpType).Distinct().Order(StringComparer.Ordinal))}",
                $"{codes}: read in float by {string.Join(", ", readers.Select(GraphExtensions.Describe))}")
            : graph.IsVisibleOutside(to) ? ("codes to floats at an output", $"{codes}: '{to}' goes out as floats")
            : ("codes of one range to another", $"{codes}: its range differs from the range that its readers use");
    }
}
