using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Folds constants that multiply or are added beside a Conv into its weights and bias. Behind it,
/// <c>m · (w ∗ x + b) + a = (m·w) ∗ x + (m·b + a)</c>, for a constant of the tensor or of each channel; before it,
/// <c>w ∗ (m · x + a) + b = (m·w) ∗ x + (b + a · Σw)</c>, likewise, the offset only where no zeros are padded. ONNX Runtime folds some of
/// the former and none of the latter; what stays would keep codes from flowing on. Behind a ConvTranspose it is the same, a
/// BatchNormalization included; before it, not every result has the same share of the offset.
/// </summary>
internal sealed class AffineFolding
{
    /// <summary>
    /// How much larger the largest factor of a BatchNormalization before a Conv may be than the smallest: two bits of the smallest
    /// channel's eight.
    /// </summary>
    private const double MaxUnevenness = 4;

    private readonly GraphProto _graph;
    private readonly NameAllocator _names;
    private GraphIndex _index;

    private AffineFolding(GraphProto graph)
    {
        _graph = graph;
        _names = new NameAllocator(graph);
        _index = new GraphIndex(graph);
    }

    /// <summary>Folds in place whatever can be folded.</summary>
    public static void Apply(GraphProto graph)
    {
        AffineFolding folding = new(graph);
        foreach (NodeProto node
            in graph.Node.Where(node => node.OpType == "Conv" || (node.OpType == "ConvTranspose" && node.GetInt("group", 1) == 1))
                .ToArray())
        {
            // Which ConvTranspose becomes quantized makes no difference here.
            while (WeightSlot.Find(node, folding._index, Targets.AnyForm, out _) is { } slot
                && folding.HasOneReader(node.Input[WeightSlot.WeightInput])
                && (folding.FoldBehind(node, slot) || (node.OpType == "Conv" && folding.FoldBefore(node, slot))))
            {
                folding._index = new GraphIndex(graph);
            }
        }
    }

    private bool FoldBehind(NodeProto conv, WeightSlot slot)
    {
        string output = conv.Output[0];
        if (_index.IsVisibleOutside(output)
            || _index.Consumers(output) is not [{ } next]
            || ConstantAffine.Find(next, _index, slot.Weight.Dims.Count, slot.Channels) is not { } affine)
        {
            return false;
        }

        float[] weights = Scale(slot, affine.Factors);
        float[]? old = slot.Bias?.ReadFloats();
        float[] biases =
        [
            .. Enumerable.Range(0, (int)slot.Channels)
                .Select(channel => (float)((At(affine.Factors, channel) * (old?[channel] ?? 0.0)) + At(affine.Offsets, channel))),
        ];
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
        int rank = slot.Weight.Dims.Count;
        long groups = conv.GetInt("group", 1);
        if (FindBefore(conv.Input[0], rank, slot.Weight.Dims[1] * groups) is not ({ } last, { } affine))
        {
            return false;
        }

        InputChannels inputs = new(slot.Weight, groups);
        bool hasOffset = affine.Offsets.Any(offset => offset != 0);
        if (!hasOffset || !IsPadded(conv))
        {
            float[] weights = inputs.Scale(affine.Factors), biases = MakeBias(slot, inputs.Sum(affine.Offsets));
            return ReplaceBefore(conv, slot, weights, biases, affine.Value, last);
        }

        // m · x + a = m · (x + a/m): the factor passes the addition, and padded zeros stay what they are.
        bool isSum = affine.Factors.All(factor => factor == 1);
        (NodeProto? before, ConstantAffine? product) = isSum ? FindBefore(affine.Value, rank, inputs.Count) : (null, affine);
        if (product is null || (isSum && product.Offsets.Any(offset => offset != 0)))
        {
            return false;
        }

        float[] shift = [.. Enumerable.Range(0, Math.Max(product.Factors.Length, affine.Offsets.Length))
            .Select(i => (float)(At(affine.Offsets, i) / At(product.Factors, i)))];
        float[] scaled = inputs.Scale(product.Factors);
        if (!AreFinite(shift) || !AreFinite(scaled))
        {
            return false;
        }

        SetWeights(slot, scaled);
        last.OpType = "Add";
        last.Attribute.Clear();
        last.Input.Clear();
        last.Input.Add([product.Value, AddConstant(shift, shift.Length == 1 ? [] : [shift.Length, .. Enumerable.Repeat(1L, rank - 2)])]);
        if (before is not null)
        {
            _graph.Node.Remove(before);
        }

        return true;
    }

    /// <summary>The value of a channel, or the one for all channels.</summary>
    private static double At(double[] values, int channel) => values[values.Length == 1 ? 0 : channel];

    private bool ReplaceBefore(NodeProto conv, WeightSlot slot, float[] weights, float[] biases, string value, NodeProto last)
    {
        if (!AreFinite(weights) || !AreFinite(biases))
        {
            return false;
        }

        SetBias(conv, biases);
        SetWeights(slot, weights);
        conv.Input[0] = value;
        _graph.Node.Remove(last);
        return true;
    }

    /// <summary>
    /// What makes a value for one reader alone out of another value and constants; nothing where the other value may have fewer channels,
    /// or where channels become alike that were not.
    /// </summary>
    private (NodeProto? Node, ConstantAffine? Affine) FindBefore(string value, int rank, long channels) =>
        FindOwnProducer(value) is { } node && ConstantAffine.Find(node, _index, rank, channels) is { } affine
            && (affine.IsScalar
                || (node.OpType == "BatchNormalization" ? IsEven(affine) : KnownChannels.Are(affine.Value, rank, channels, _index)))
            ? (node, affine)
            : (null, null);

    /// <summary>
    /// A BatchNormalization makes channels alike before one range is found for them all, and it computes in float, so that no range is
    /// needed before. Where it evens out large differences it stays. Arithmetic with constants runs on codes, whose range has to hold all
    /// channels as they are in any case.
    /// </summary>
    private static bool IsEven(ConstantAffine normalization) =>
        normalization.Factors.Max(Math.Abs) <= MaxUnevenness * normalization.Factors.Min(Math.Abs);

    /// <summary>The node that makes a value for one reader alone.</summary>
    private NodeProto? FindOwnProducer(string value) => HasOneReader(value) ? _index.FindProducer(value) : null;

    private bool HasOneReader(string value) => !_index.IsVisibleOutside(value) && _index.Consumers(value).Count == 1;

    private static bool IsPadded(NodeProto conv) =>
        conv.GetText("auto_pad", "NOTSET") is not ("NOTSET" or "VALID")
            || conv.Attribute.Any(attribute => attribute.Name == "pads" && attribute.Ints.Any(pad => pad != 0));

    /// <summary>
    /// A model is to fail where it is at fault, with the tensor that the user knows: what is or becomes NaN or infinite is not folded.
    /// </summary>
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

    /// <summary>The bias of each channel and what is added to it.</summary>
    private static float[] MakeBias(WeightSlot slot, double[] added)
    {
        float[]? old = slot.Bias?.ReadFloats();
        return [.. added.Select((value, i) => (float)((old?[i] ?? 0.0) + value))];
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
