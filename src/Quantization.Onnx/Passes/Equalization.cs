using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Scales channels between convolutions: the weights that make a channel are divided by a factor, those that read it are multiplied by it. Between them may stand operators that pass a positive factor on: Relu, LeakyRelu,
/// PRelu, and pools. (Cross-layer equalization: M. Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, 2019.)
/// </summary>
internal static class Equalization
{
    /// <summary>The convolutions whose channels can be scaled, with all that reads them.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="target">What it will run on.</param>
    public static IEnumerable<ScalableChannels> Find(GraphIndex graph, Target target)
    {
        foreach (NodeProto node in graph.Graph.Node.Where(node => node.OpType == "Conv"))
        {
            if (FindConvolution(node, graph, target) is not { } slot)
            {
                continue;
            }

            ScalableChannels found = new(node, node.Output[0], slot.Channels);
            if (AddReaders(node.Output[0], found, graph, target) && found.Readers.Count > 0)
            {
                yield return found;
            }
        }
    }

    /// <summary>Scales the channels of a model's convolutions.</summary>
    /// <param name="model">The model, which is changed.</param>
    /// <param name="target">What it will run on.</param>
    /// <param name="scalings">The exponents.</param>
    /// <exception cref="ArgumentException">A value is no such convolution's, or has another number of channels.</exception>
    public static void Apply(ModelProto model, Target target, IEnumerable<ChannelScaling> scalings)
    {
        GraphIndex graph = new(model.Graph);
        NameAllocator names = new(model.Graph);
        Dictionary<string, TensorProto> constants = model.Graph.Initializer.ToDictionary(each => each.Name);
        Dictionary<string, ScalableChannels> found = Find(graph, target).ToDictionary(each => each.Value);
        foreach (ChannelScaling scaling in scalings)
        {
            if (!found.TryGetValue(scaling.Value, out ScalableChannels? channels) || channels.Count != scaling.Exponents.Length)
            {
                throw new ArgumentException(
                    $"The plan scales {scaling.Exponents.Length} channels of '{scaling.Value}', but the model has no convolution with this result and as many channels whose readers are all convolutions; plan for this model.", nameof(scalings));
            }

            float[] factors = [.. scaling.Exponents.Select(exponent => MathF.ScaleB(1, exponent))];
            Scale(channels.Maker, WeightSlot.WeightInput, factors, axis: 0, divide: true);
            if (channels.Maker.Input.Count > WeightSlot.BiasInput)
            {
                Scale(channels.Maker, WeightSlot.BiasInput, factors, axis: 0, divide: true);
            }

            foreach (NodeProto reader in channels.Readers)
            {
                // A depthwise convolution has one input channel for each of its output channels, or for several.
                Scale(reader, WeightSlot.WeightInput, factors, reader.GetInt("group", 1) == 1 ? 1 : 0, divide: false);
            }
        }

        UnusedConstants.Remove(model.Graph);

        void Scale(NodeProto node, int input, float[] factors, int axis, bool divide)
        {
            TensorProto tensor = constants.GetValueOrDefault(node.Input[input]) ?? graph.FindConstant(node.Input[input])!;
            float[] values = tensor.ReadFloats();
            long inner = tensor.StrideOf(axis);
            for (int i = 0; i < values.Length; i++)
            {
                float factor = factors[i / inner % factors.Length];
                values[i] = divide ? values[i] / factor : values[i] * factor;
            }

            // Other nodes may share the tensor.
            TensorProto scaled = TensorData.Make<float>(TensorProto.Types.DataType.Float, values, tensor.Dims);
            scaled.Name = names.Next();
            constants[scaled.Name] = scaled;
            model.Graph.Initializer.Add(scaled);
            node.Input[input] = scaled.Name;
        }
    }

    /// <summary>The weights of a convolution, and of no other node.</summary>
    private static WeightSlot? FindConvolution(NodeProto node, GraphIndex graph, Target target) =>
        node.OpType == "Conv" && WeightSlot.Find(node, graph, target, out _) is { } slot ? slot : null;

    private static bool AddReaders(string value, ScalableChannels found, GraphIndex graph, Target target)
    {
        if (graph.IsVisibleOutside(value))
        {
            return false;
        }

        found.Values.Add(value);
        foreach (NodeProto reader in graph.Consumers(value))
        {
            if (reader.Input[0] != value || reader.Input.Skip(1).Contains(value))
            {
                return false;
            }

            bool passes = Opset.IsOnnx(reader.Domain) && (reader.OpType is "Relu" or "LeakyRelu" or "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool"
                || (reader.OpType == "MaxPool" && reader.Output.Count == 1) || (reader.OpType == "PRelu" && graph.FindConstant(reader.Input[1]) is not null));
            if (passes)
            {
                if (!AddReaders(reader.Output[0], found, graph, target))
                {
                    return false;
                }
            }
            else if (FindConvolution(reader, graph, target) is { } slot && CanScaleInputs(reader, slot))
            {
                found.Readers.Add(reader);
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether each input channel has weights of its own in one place: an ordinary convolution's second axis, a depthwise one's first.</summary>
    private static bool CanScaleInputs(NodeProto node, WeightSlot slot) => node.GetInt("group", 1) is var groups && (groups == 1 || (slot.Weight.Dims[1] == 1 && groups == slot.Weight.Dims[0]));
}
