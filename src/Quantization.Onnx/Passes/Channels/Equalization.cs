using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Scales channels: the constants that make a channel are divided by a factor, the weights that read it are multiplied by it.
/// <see cref="ChannelFlow"/> says what may stand between them. (Cross-layer equalization: M. Nagel et al., Data-Free Quantization Through
/// Weight Equalization and Bias Correction, 2019.)
/// </summary>
internal static class Equalization
{
    /// <summary>Scales the channels of a model.</summary>
    /// <param name="model">The model, which is changed.</param>
    /// <param name="target">What it will run on.</param>
    /// <param name="scalings">The exponents.</param>
    /// <exception cref="ArgumentException">
    /// A value does not exist or has another number of channels, or some of its channels cannot be scaled, or not by this exponent.
    /// </exception>
    public static void Apply(ModelProto model, Target target, IEnumerable<ChannelScaling> scalings)
    {
        GraphIndex graph = new(model.Graph);
        ScaledConstants constants = new(model.Graph, graph);
        ChannelFlow flow = ChannelFlow.Of(graph, target);
        Dictionary<int, int> exponents = ExponentsOf(flow, scalings);
        foreach (ChannelMaker maker in flow.Makers)
        {
            Scale(maker.Node, maker.Value, maker.Constants, -1);
        }

        foreach (ChannelReader reader in flow.Readers)
        {
            Scale(reader.Node, reader.Value, [(WeightSlot.WeightInput, reader.Axis)], 1);
        }

        UnusedConstants.Remove(model.Graph);

        void Scale(NodeProto node, string value, IReadOnlyList<(int Input, int Axis)> inputs, int sign)
        {
            int[] own = Array.ConvertAll(flow.GroupsOf(value), group => exponents.GetValueOrDefault(group));
            if (Array.TrueForAll(own, exponent => exponent == 0))
            {
                return;
            }

            float[] factors = Array.ConvertAll(own, exponent => MathF.ScaleB(1, sign * exponent));
            foreach ((int input, int axis) in inputs)
            {
                constants.Scale(node, input, axis, factors);
            }
        }
    }

    private static Dictionary<int, int> ExponentsOf(ChannelFlow flow, IEnumerable<ChannelScaling> scalings)
    {
        Dictionary<string, ChannelMaker> makers = flow.Makers.ToDictionary(maker => maker.Value);
        Dictionary<int, int> exponents = [];
        foreach (ChannelScaling scaling in scalings)
        {
            if (!makers.TryGetValue(scaling.Value, out ChannelMaker? maker) || maker.Count != scaling.Exponents.Length)
            {
                throw new ArgumentException(
                    $"The plan scales {scaling.Exponents.Length} channels of '{scaling.Value}', but the model has no convolution and no "
                        + "table with this result and as many channels; plan for this model.",
                    nameof(scalings));
            }

            int[] groups = flow.GroupsOf(scaling.Value);
            for (int channel = 0; channel < groups.Length; channel++)
            {
                int exponent = scaling.Exponents[channel];
                if (exponent != 0 && flow.IsFixed(groups[channel]))
                {
                    throw new ArgumentException(
                        $"The plan scales channel {channel} of '{scaling.Value}' by 2^{exponent}, but the model reads it elsewhere than in "
                            + "convolutions that can be scaled back; give it the exponent 0, or plan for this model.",
                        nameof(scalings));
                }

                if (!exponents.TryAdd(groups[channel], exponent) && exponents[groups[channel]] != exponent)
                {
                    throw new ArgumentException(
                        $"The plan scales channel {channel} of '{scaling.Value}' by 2^{exponent}, but another channel that is added to it "
                            + $"or compared with it by 2^{exponents[groups[channel]]}; give both the same exponent.",
                        nameof(scalings));
                }
            }
        }

        return exponents;
    }
}
