using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Tells how many channels a value has, as far as the graph says so. A constant of several channels beside a value of one channel repeats
/// that value, so the constant alone does not tell.
/// </summary>
internal static class KnownChannels
{
    private const int ChannelAxis = 1;

    /// <summary>Whether a value is known to have so many channels.</summary>
    /// <param name="value">The value.</param>
    /// <param name="rank">The number of its axes.</param>
    /// <param name="count">The number of channels.</param>
    /// <param name="graph">The graph.</param>
    public static bool Are(string value, int rank, long count, GraphIndex graph)
    {
        while (graph.FindProducer(value) is { } producer && Opset.IsOnnx(producer.Domain))
        {
            if (ConstantAffine.Find(producer, graph, rank, count) is { } affine)
            {
                if (!affine.IsScalar)
                {
                    return true;
                }

                value = affine.Value;
                continue;
            }

            switch (producer.OpType)
            {
                case "Relu" or "LeakyRelu" or "Clip" or "Sigmoid" or "MaxPool" or "AveragePool" or "GlobalAveragePool":
                    value = producer.Input[0];
                    continue;
                case "Conv":
                    return graph.FindConstant(producer.Input[WeightSlot.WeightInput]) is { } weight && weight.Dims.Count > ChannelAxis
                        && weight.Dims[0] == count;
            }

            break;
        }

        return graph.Graph.Input.Concat(graph.Graph.ValueInfo)
            .FirstOrDefault(each => each.Name == value)?.Type?.TensorType?.Shape is { } shape
            && shape.Dim.Count > ChannelAxis && shape.Dim[ChannelAxis].DimValue == count;
    }
}
