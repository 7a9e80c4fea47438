using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Folds constants that multiply or are added beside a Conv into its weights and bias. Behind it, <c>m · (w ∗ x + b) + a = (m·w) ∗ x + (m·b + a)</c>, for a constant of the tensor or of each channel; before it,
/// <c>w ∗ (m · x + a) + b = (m·w) ∗ x + (b + a · Σw)</c>, for a constant of the tensor, the offset only where no zeros are padded. ONNX Runtime folds some of the former and none of the latter; what stays would keep
/// codes from flowing on. Behind a ConvTranspose it is the same, a BatchNormalization included; before it, not every result has the same share of the offset.
/// </summary>
internal sealed class AffineFolding
{
    private readonly GraphProto _graph;
    private readonly NameAllocator _names;
    private GraphIndex _index;

    private AffineFolding(GraphProto graph)
    {
        _graph = graph;
        _names = new NameAllocator(graph);
        _index = new GraphIndex(graph);
    }

    /// <summary>Folds in place whatever can be.</summary>
    public static void Apply(GraphProto graph)
    {
        AffineFolding folding = new(graph);
        foreach (NodeProto node in graph.Node.Where(node => node.OpType == "Conv" || (node.OpType == "ConvTranspose" && node.GetInt("group", 1) == 1)).ToArray())
        {
            // Which ConvTranspose becomes quantized makes no difference here.
            while (WeightSlot.Find(node, folding._index, Targets.AnyForm, out _) is { } slot && folding.HasOneReader(node.Input[WeightSlot.WeightInput])
                && (folding.FoldBehind(node, slot) || (node.OpType == "Conv" && folding.FoldBefore(node, slot))))
            {
                folding._index = new GraphIndex(graph);
            }
        }
    }

    private bool FoldBehind(NodeProto conv, WeightSlot slot)
    {
        string output = conv.Output[0];
        if (_index.IsVisibleOutside(output) || _index.Consumers(output) is not [{ } next] || ConstantAffine.Find(next, _index, slot.Weight.Dims.Count, slot.Channels) is not { } affine)
        {
            return false;
        }

        float[] weights = Scale(slot, affine.Factors);
        float[] biases = MakeBias(slot, (channel, bias, _) => affine.Factors[affine.IsScalar ? 0 : channel] * bias + affine.Offsets[affine.IsScalar ? 0 : channel]);
        if (!AreFinite(weights) || !AreFinite(biases))
        {
            return false;
        }

        SetWeights(slot, weights);
        SetBias(conv, biases);
        conv.Output[0] = next.Output[0];
        _graph.Node.Remove(next);
        return true;
    }

    private bool FoldBefore(NodeProto conv, WeightSlot slot)
    {
        string input = conv.Input[0];
        NodeProto? last = FindOwnProducer(input);
        if (last is null || ConstantAffine.Find(last, _index, slot.Weight.Dims.Count, 1) is not { } affine)
        {
            return false;
        }

        (double factor, double offset) = (affine.Factors[0], affine.Offsets[0]);
        if (offset == 0 || !IsPadded(conv))
        {
            float[] weights = Scale(slot, [factor]), biases = MakeBias(slot, (_, bias, sum) => bias + offset * sum);
            if (!AreFinite(weights) || !AreFinite(biases))
            {
                return false;
            }

            SetBias(conv, biases);
            SetWeights(slot, weights);
            conv.Input[0] = affine.Value;
            _graph.Node.Remove(last);
            return true;
        }

        // m · x + a = m · (x + a/m): the factor passes the addition, and padded zeros stay what they are.
        if (factor == 1 && FindOwnProducer(affine.Value) is { } before && ConstantAffine.Find(before, _index, slot.Weight.Dims.Count, 1) is { } inner
            && inner.Offsets[0] == 0 && inner.Factors[0] != 0 && float.IsFinite((float)(offset / inner.Factors[0])) && Scale(slot, inner.Factors) is var scaled && AreFinite(scaled))
        {
            SetWeights(slot, scaled);
            last.OpType = "Add";
            last.Input.Clear();
            last.Input.Add([inner.Value, AddConstant([(float)(offset / inner.Factors[0])], [])]);
            _graph.Node.Remove(before);
            return true;
        }

        return false;
    }

    /// <summary>The node that makes a value for one reader alone.</summary>
    private NodeProto? FindOwnProducer(string value) => HasOneReader(value) ? _index.FindProducer(value) : null;

    private bool HasOneReader(string value) => !_index.IsVisibleOutside(value) && _index.Consumers(value).Count == 1;

    private static bool IsPadded(NodeProto conv) =>
        conv.GetText("auto_pad", "NOTSET") is not ("NOTSET" or "VALID") || conv.Attribute.Any(attribute => attribute.Name == "pads" && attribute.Ints.Any(pad => pad != 0));

    /// <summary>A model is to fail where it is at fault, with the tensor that the user knows: what is or becomes NaN or infinite is not folded.</summary>
    private static bool AreFinite(float[] values) => Array.TrueForAll(values, float.IsFinite);

    private static float[] Scale(WeightSlot slot, double[] factors)
    {
        float[] values = slot.Weight.ReadFloats();
        long inner = slot.Weight.StrideOf(slot.ChannelAxis);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(values[i] * factors[factors.Length == 1 ? 0 : i / inner % slot.Channels]);
        }

        return values;
    }

    private static void SetWeights(WeightSlot slot, float[] values)
    {
        slot.Weight.FloatData.Clear();
        slot.Weight.RawData = TensorData.Make<float>(TensorProto.Types.DataType.Float, values).RawData;
    }

    /// <summary>A function of the channel, its bias, and the sum of its weights, for each channel.</summary>
    private static float[] MakeBias(WeightSlot slot, Func<int, double, double, double> change)
    {
        float[] weights = slot.Weight.ReadFloats();
        float[]? old = slot.Bias?.ReadFloats();
        long inner = slot.Weight.StrideOf(slot.ChannelAxis);
        double[] sums = new double[slot.Channels];
        for (int i = 0; i < weights.Length; i++)
        {
            sums[i / inner % slot.Channels] += weights[i];
        }

        return [.. sums.Select((sum, i) => (float)change(i, old is null ? 0 : old[i], sum))];
    }

    private void SetBias(NodeProto conv, float[] values)
    {
        string name = AddConstant(values, [values.Length]);
        if (conv.Input.Count > WeightSlot.BiasInput)
        {
            conv.Input[WeightSlot.BiasInput] = name;
        }
        else
        {
            conv.Input.Add(name);
        }
    }

    private string AddConstant(float[] values, long[] shape)
    {
        TensorProto tensor = TensorData.Make<float>(TensorProto.Types.DataType.Float, values, shape);
        tensor.Name = _names.Next();
        _graph.Initializer.Add(tensor);
        return tensor.Name;
    }
}
