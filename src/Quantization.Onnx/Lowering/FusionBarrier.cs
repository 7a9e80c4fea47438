using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Keeps nodes in float that are meant to stay there. Where a float Conv, ConvTranspose or Gemm reads a DequantizeLinear and leads, over
/// Relu and Clip at most, to a QuantizeLinear alone, ONNX Runtime quantizes its weights by itself, per tensor; a Softmax there it runs on
/// codes, too coarse for probabilities. An operator in between that changes nothing prevents that: Sum of one value, which no optimization
/// removes.
/// </summary>
internal static class FusionBarrier
{
    /// <summary>The operator to put before the QuantizeLinear.</summary>
    public const string OperatorType = "Sum";

    /// <summary>Whether a value needs it.</summary>
    /// <param name="value">A value made in float that only a QuantizeLinear may read.</param>
    /// <param name="graph">The float graph.</param>
    /// <param name="madeFromCodes">The values that come out of a DequantizeLinear.</param>
    /// <param name="readsCodes">Whether a node is quantized, and so reads the value by way of the QuantizeLinear.</param>
    public static bool IsNeeded(string value, GraphIndex graph, IReadOnlySet<string> madeFromCodes, Predicate<NodeProto> readsCodes)
    {
        if (graph.IsVisibleOutside(value) || !graph.Consumers(value).All(consumer => readsCodes(consumer)))
        {
            return false;
        }

        NodeProto? producer = graph.FindProducer(value);
        while (producer is { OpType: "Relu" or "Clip" } && graph.Consumers(producer.Input[0]).Count == 1)
        {
            producer = graph.FindProducer(producer.Input[0]);
        }

        return producer is { OpType: "Conv" or "ConvTranspose" or "Gemm" or "Softmax" } && madeFromCodes.Contains(producer.Input[0]);
    }
}
