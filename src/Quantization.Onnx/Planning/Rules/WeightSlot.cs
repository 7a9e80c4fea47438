using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Where a weighted node keeps its constants.</summary>
/// <param name="Weight">The weights.</param>
/// <param name="ChannelAxis">The axis of the output channels.</param>
/// <param name="Bias">The bias, one value per channel; null where there is none.</param>
/// <param name="BiasNeedsCodes">
/// Whether the bias must be int32 for the node to run in int8 where no QuantizeLinear follows: true for Gemm.
/// </param>
internal sealed record WeightSlot(TensorProto Weight, int ChannelAxis, TensorProto? Bias, bool BiasNeedsCodes)
{
    /// <summary>The form in which a ConvTranspose runs in int8; null for other operators.</summary>
    public SubpixelConvolution? Subpixel { get; init; }

    /// <summary>The form in which a Conv of several groups runs fast in int8; null for those that do as they are.</summary>
    public GroupedConvolution? Grouped { get; init; }

    /// <summary>The input of Conv, ConvTranspose, Gemm and MatMul that holds the weights.</summary>
    public const int WeightInput = 1;

    /// <summary>The input that holds the weights: <see cref="WeightInput"/>, or of a Gather its table.</summary>
    public int Input { get; init; } = WeightInput;

    /// <summary>The type of float that the node reads the weights in, which is that of its input and its result.</summary>
    public TensorProto.Types.DataType FloatType { get; init; } = TensorProto.Types.DataType.Float;

    /// <summary>The input of Conv, ConvTranspose and Gemm that holds the bias.</summary>
    public const int BiasInput = 2;

    /// <summary>
    /// The number of output channels; of a ConvTranspose those of one group, since each group has its weights for the same channels.
    /// </summary>
    public long Channels => Weight.Dims[ChannelAxis];

    /// <summary>Whether a node is of an operator that multiplies by weights.</summary>
    public static bool CanHaveWeights(NodeProto node) =>
        Opset.IsOnnx(node.Domain) && node.OpType is ("Conv" or "ConvTranspose" or "Gemm" or "MatMul");

    /// <summary>Finds a node's weights.</summary>
    /// <param name="node">A node.</param>
    /// <param name="graph">The graph around it.</param>
    /// <param name="target">What the node will run on.</param>
    /// <param name="reason">
    /// Why the node cannot be quantized, where it is a Conv, ConvTranspose, Gemm or MatMul that cannot; otherwise null.
    /// </param>
    /// <returns>Null where the node cannot be quantized.</returns>
    public static WeightSlot? Find(NodeProto node, GraphIndex graph, Target target, out string? reason)
    {
        reason = null;
        if (!CanHaveWeights(node))
        {
            return null;
        }

        TensorProto? weight = graph.FindConstant(node.Input[WeightInput]);
        bool hasBias = node.Input.Count > BiasInput && node.Input[BiasInput].Length > 0;
        TensorProto? bias = hasBias ? graph.FindConstant(node.Input[BiasInput]) : null;
        SubpixelConvolution? subpixel = null;
        reason = weight is null && node.OpType == "MatMul" && graph.FindConstant(node.Input[0]) is null
            ? AttentionProducts.Describe(node, graph)
                + "both its operands are computed, and converting them takes the time that integers save"
            : weight is null ? "its weights are computed, not constant"
            : !weight.IsFloat() ? "its weights are not 32-bit floats"
            : weight.Dims.Contains(0) ? "it has no weights"
            : graph.FindConstant(node.Input[0]) is not null ? "its input is constant"
            : node.OpType switch
            {
                "Conv" or "ConvTranspose" when weight.Dims.Count < 3 => "its weights have no spatial axis",
                "Conv" => null,
                "ConvTranspose" => target.HasIntegerConvTranspose ? null : FindSubpixel(node, weight, out subpixel),
                "Gemm" =>
                    node.GetFloat("alpha", 1) != 1 || (hasBias && node.GetFloat("beta", 1) != 1) ? "its alpha or beta is not 1" : null,
                _ => weight.Dims.Count != 2 ? "its weights are not a matrix" : null,
            };
        if (reason is not null)
        {
            return null;
        }

        int axis = node.OpType == "Conv" || (node.OpType == "Gemm" && node.GetInt("transB", 0) != 0) ? 0 : 1;
        WeightSlot slot = new(weight!, axis, bias, node.OpType == "Gemm" && target.NeedsBiasCodes)
        {
            Subpixel = subpixel,
            Grouped = node.OpType == "Conv" && target.IsSlowInGroups ? GroupedConvolution.Find(node, weight!) : null,
        };
        if (hasBias && (bias is null
            || !bias.IsFloat()
            || bias.CountElements() != slot.Channels * (node.OpType == "ConvTranspose" ? node.GetInt("group", 1) : 1)))
        {
            reason = "its bias is not one constant per channel";
            return null;
        }

        return slot;
    }

    /// <summary>How many weights are multiplied for a result of so many values.</summary>
    public static long CountProducts(NodeProto node, WeightSlot slot, long results)
    {
        long inputs = slot.Weight.CountElements()!.Value / slot.Channels;
        if (node.OpType != "ConvTranspose")
        {
            return inputs * results;
        }

        // Each value of the result adds up one phase of the kernel, over the inputs of one group.
        int axes = slot.Weight.Dims.Count - 2;
        return inputs * results / node.GetInt("group", 1)
            / node.GetInts("strides", axes, 1).Aggregate((product, stride) => product * stride);
    }

    private static string? FindSubpixel(NodeProto node, TensorProto weight, out SubpixelConvolution? subpixel)
    {
        subpixel = SubpixelConvolution.Find(node, weight, out string? reason);
        return reason;
    }
}
