using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// What a Mul, Div, Add or Sub with a constant, or a BatchNormalization, does: <c>y = factor · x + offset</c>, of one factor and offset for
/// the tensor or one for each channel.
/// </summary>
/// <param name="Value">The name of <c>x</c>.</param>
/// <param name="Factors">One factor, or one per channel.</param>
/// <param name="Offsets">As many offsets.</param>
internal sealed record ConstantAffine(string Value, double[] Factors, double[] Offsets)
{
    private const int ChannelAxis = 1;
    private const float DefaultEpsilon = 1e-5f;

    /// <summary>Whether one factor and one offset serve all channels.</summary>
    public bool IsScalar => Factors.Length == 1;

    /// <summary>Reads a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="graph">The graph around it.</param>
    /// <param name="rank">The number of axes of <c>x</c>.</param>
    /// <param name="channels">The number of channels of <c>x</c>.</param>
    /// <returns>Null where the node does something else, or where its constant differs along other axes than the channels'.</returns>
    public static ConstantAffine? Find(NodeProto? node, GraphIndex graph, int rank, long channels)
    {
        if (node is { OpType: "BatchNormalization" } && Opset.IsOnnx(node.Domain))
        {
            return FindNormalization(node, graph, channels);
        }

        if (node is null || !Opset.IsOnnx(node.Domain) || node.OpType is not ("Mul" or "Div" or "Add" or "Sub"))
        {
            return null;
        }

        int constantInput = graph.FindConstant(node.Input[1]) is not null ? 1 : 0;
        if (graph.FindConstant(node.Input[constantInput]) is not { } tensor
            || !tensor.IsFloat()
            || graph.FindConstant(node.Input[1 - constantInput]) is not null
            || !VariesByChannelAtMost(tensor, rank, channels))
        {
            return null;
        }

        return Read(node.OpType, tensor, constantInput) is { } terms
            ? new ConstantAffine(node.Input[1 - constantInput], terms.Factors, terms.Offsets)
            : null;
    }

    private static (double[] Factors, double[] Offsets)? Read(string operatorType, TensorProto tensor, int constantInput)
    {
        bool isDivisor = operatorType == "Div" && constantInput == 1, isSubtrahend = operatorType == "Sub" && constantInput == 1;
        double[] constant = [.. tensor.ReadFloats().Select(value => isDivisor ? 1.0 / value : isSubtrahend ? -value : (double)value)];
        double[] ones = [.. constant.Select(_ => operatorType == "Sub" && constantInput == 0 ? -1.0 : 1.0)];
        return !constant.All(double.IsFinite) || (operatorType == "Div" && constantInput == 0) ? null
            : operatorType is "Mul" or "Div" ? (constant, [.. constant.Select(_ => 0.0)])
            : (ones, constant);
    }

    /// <summary>The factors and offsets that a node applies to a value, whose constants have any shape.</summary>
    /// <param name="node">The node.</param>
    /// <param name="value">The value.</param>
    /// <param name="graph">The graph around it.</param>
    /// <returns>Null where the node does something else.</returns>
    public static IReadOnlyList<(double Factor, double Offset)>? FindTerms(NodeProto node, string value, GraphIndex graph)
    {
        if (!Opset.IsOnnx(node.Domain) || node.OpType is not ("BatchNormalization" or "Mul" or "Div" or "Add" or "Sub"))
        {
            return null;
        }

        if (node.OpType == "BatchNormalization")
        {
            return node.Input[0] == value && graph.FindConstant(node.Input[1])?.CountElements() is { } channels
                && FindNormalization(node, graph, channels) is { } found
                ? [.. found.Factors.Zip(found.Offsets)]
                : null;
        }

        int constantInput = node.Input[0] == value ? 1 : 0;
        return node.Input[1 - constantInput] == value && graph.FindConstant(node.Input[constantInput]) is { } tensor && tensor.IsFloat()
            && Read(node.OpType, tensor, constantInput) is { } terms
            ? [.. terms.Factors.Zip(terms.Offsets)]
            : null;
    }

    /// <summary>
    /// <c>(x − mean) / √(variance + ε) · scale + offset</c>, with one of each per channel. ONNX Runtime folds it into a Conv before, but
    /// not into a ConvTranspose.
    /// </summary>
    private static ConstantAffine? FindNormalization(NodeProto node, GraphIndex graph, long channels)
    {
        TensorProto?[] constants = [.. node.Input.Skip(1).Select(graph.FindConstant)];
        if (node.Output.Count != 1
            || node.GetInt("training_mode", 0) != 0
            || constants.Any(tensor => tensor is null || !tensor.IsFloat() || tensor.CountElements() != channels))
        {
            return null;
        }

        float[][] values = [.. constants.Select(tensor => tensor!.ReadFloats())];
        double epsilon = node.GetFloat("epsilon", DefaultEpsilon);
        double[] factors = [.. values[0].Zip(values[3], (scale, variance) => scale / Math.Sqrt(variance + epsilon))];
        double[] offsets = [.. factors.Select((factor, i) => values[1][i] - (factor * values[2][i]))];
        return factors.Concat(offsets).All(double.IsFinite) ? new ConstantAffine(node.Input[0], factors, offsets) : null;
    }

    /// <summary>
    /// Shapes are matched from their ends, so the channels' axis lies as many axes before the end as <c>x</c> has behind it.
    /// </summary>
    private static bool VariesByChannelAtMost(TensorProto tensor, int rank, long channels)
    {
        if (tensor.Dims.Count > rank)
        {
            return false;
        }

        int channelAxis = ChannelAxis - (rank - tensor.Dims.Count);
        return tensor.Dims.Index().All(axis => axis.Item == 1 || (axis.Index == channelAxis && axis.Item == channels));
    }
}
