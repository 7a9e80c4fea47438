using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Chooses how channels are scaled. A channel whose values reach only to r, where the largest of its value reaches to R, is enlarged by a
/// power of two near <c>(R / r)^strength</c>: it then uses more of the codes. Its readers' weights shrink by as much. Where a reader has a
/// scale for each of its input channels, as a depthwise convolution has, that costs nothing, and the strength can be 1; elsewhere weights
/// of different input channels share a scale, and <c>√(R / r · w / W)</c> balances the two, with w the largest weight that reads the
/// channel and W the largest of the reader.
/// </summary>
internal sealed class ChannelEqualizer
{
    /// <summary>Channels are not enlarged more than so many doublings: what a few samples do not show could lie beyond the range.</summary>
    private const int MaxDoublings = 8;

    /// <summary>Channels that reach less far, in relation to the largest, are as good as empty.</summary>
    private const float Empty = 1e-6f;

    private readonly ChannelFlow _flow;
    private readonly GraphIndex _graph;
    private readonly Dictionary<string, float[]> _magnitudes;

    private ChannelEqualizer(ChannelFlow flow, GraphIndex graph, Dictionary<string, float[]> magnitudes)
    {
        _flow = flow;
        _graph = graph;
        _magnitudes = magnitudes;
    }

    /// <summary>Measures how far each channel reaches.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="plan">The plan; only what becomes codes gains by scaling.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="sessionOptions">The user's session options; null for the defaults.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <returns>Null where the model has no channels to scale.</returns>
    public static ChannelEqualizer? Measure(
        FloatModel model, QuantizationPlan plan, IReadOnlyList<ModelSample> samples, Func<SessionOptions>? sessionOptions,
        CancellationToken cancellationToken)
    {
        ChannelFlow flow = ChannelFlow.Of(model.Analysis.Graph, model.Target);
        Dictionary<string, string> sources = [];
        foreach (ValueEncoding each in plan.Nodes.SelectMany(node => node.Inputs.Concat(node.Results)))
        {
            if (each.Encoding.Range is ObservedRange observed)
            {
                sources.TryAdd(each.Value, observed.Source);
            }
        }

        foreach ((string value, string source) in sources)
        {
            // Values that share their parameters share their factors too.
            if (value != source && !(flow.Values.ContainsKey(value)
                && flow.Values.ContainsKey(source)
                && flow.GroupsOf(value).SequenceEqual(flow.GroupsOf(source))))
            {
                flow.Fix(value);
                flow.Fix(source);
            }
        }

        HashSet<int> read = [.. flow.Readers.SelectMany(reader => flow.GroupsOf(reader.Value)).Where(group => !flow.IsFixed(group))];
        string[] values = [.. sources.Keys.Where(value => flow.Values.TryGetValue(value, out ChannelValue? found)
            && found is { Axis: 1, Rank: > 2 }
            && flow.GroupsOf(value).Any(read.Contains))];
        return values.Length == 0
            ? null
            : new ChannelEqualizer(flow, model.Analysis.Graph, Run(model, values, samples, sessionOptions, cancellationToken));
    }

    /// <summary>The scalings of a strength.</summary>
    /// <param name="ordinary">The strength where a reader's weights share a scale over input channels.</param>
    /// <param name="depthwise">The strength where each input channel has a scale of its own.</param>
    /// <param name="isBalanced">Whether the weights of ordinary readers count as well.</param>
    public IReadOnlyList<ChannelScaling> Choose(double ordinary, double depthwise, bool isBalanced)
    {
        Dictionary<int, double> enlargements = Enlargements(), weights = isBalanced ? Weights() : [];
        HashSet<int> read = [.. _flow.Readers.SelectMany(reader => _flow.GroupsOf(reader.Value))];
        HashSet<int> shared = [.. _flow.Readers.Where(reader => !reader.IsDepthwise).SelectMany(reader => _flow.GroupsOf(reader.Value))];
        return
        [
            .. _flow.Makers.Select(maker => new ChannelScaling(maker.Value, [.. _flow.GroupsOf(maker.Value).Select(ExponentOf)]))
                .Where(scaling => scaling.Exponents.Any(exponent => exponent != 0)),
        ];

        int ExponentOf(int group)
        {
            if (_flow.IsFixed(group) || !read.Contains(group) || !enlargements.TryGetValue(group, out double doublings))
            {
                return 0;
            }

            double exponent = shared.Contains(group) ? ordinary * (doublings - weights.GetValueOrDefault(group)) : depthwise * doublings;
            return -(int)Math.Round(Math.Clamp(exponent, -MaxDoublings, MaxDoublings));
        }
    }

    /// <summary>The values that scalings change.</summary>
    public IEnumerable<string> ValuesOf(IReadOnlyList<ChannelScaling> scalings)
    {
        HashSet<int> scaled =
            [.. scalings.SelectMany(scaling => _flow.GroupsOf(scaling.Value).Where((_, channel) => scaling.Exponents[channel] != 0))];
        return _flow.Values.Keys.Where(value => _flow.GroupsOf(value).Any(scaled.Contains)).Order(StringComparer.Ordinal);
    }

    /// <summary>
    /// By how many doublings each group can be enlarged until it reaches as far as the largest channel beside it, in whatever value it is
    /// in.
    /// </summary>
    private Dictionary<int, double> Enlargements()
    {
        Dictionary<int, double> enlargements = [];
        foreach ((string value, float[] magnitudes) in _magnitudes)
        {
            float largest = magnitudes.Max();
            AddLeast(
                enlargements,
                _flow.GroupsOf(value),
                channel => largest == 0 ? 0 : Math.Log2(largest / Math.Max(magnitudes[channel], largest * Empty)));
        }

        return enlargements;
    }

    /// <summary>By how many doublings the weights that read each group are smaller than the largest of their reader.</summary>
    private Dictionary<int, double> Weights()
    {
        Dictionary<int, double> doublings = [];
        foreach (ChannelReader reader in _flow.Readers.Where(reader => !reader.IsDepthwise))
        {
            float[] magnitudes = WeightMagnitudes.OfAxis(_graph.FindConstant(reader.Node.Input[WeightSlot.WeightInput])!, reader.Axis);
            float largest = magnitudes.Max();
            AddLeast(
                doublings,
                _flow.GroupsOf(reader.Value),
                channel => largest == 0 ? 0 : Math.Log2(largest / Math.Max(magnitudes[channel], largest * Empty)));
        }

        return doublings;
    }

    private static void AddLeast(Dictionary<int, double> all, int[] groups, Func<int, double> doublingsOf)
    {
        for (int channel = 0; channel < groups.Length; channel++)
        {
            double doublings = doublingsOf(channel);
            all[groups[channel]] = all.TryGetValue(groups[channel], out double before) ? Math.Min(before, doublings) : doublings;
        }
    }

    private static Dictionary<string, float[]> Run(
        FloatModel model, string[] values, IReadOnlyList<ModelSample> samples, Func<SessionOptions>? sessionOptions,
        CancellationToken cancellationToken)
    {
        ModelProto observed = model.Model.Clone();
        NameAllocator names = new(observed.Graph);
        observed.Graph.Output.Clear();
        string[] outputs = Array.ConvertAll(values, value => Measurement.AddMagnitudes(observed.Graph, names, value));
        observed.Graph.Output.Add(outputs.Select(output => new ValueInfoProto { Name = output }));
        DeadNodes.Remove(observed.Graph);
        using InferenceSession session = ModelSession.Open(
            model.File.Path, observed, sessionOptions, options => options.EnableCpuMemArena = false);
        using RunOptions run = new();
        Dictionary<string, float[]> magnitudes = [];
        foreach (ModelSample sample in samples)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
            using IDisposableReadOnlyCollection<OrtValue> found = session.Run(run, bound.Inputs, outputs);
            for (int i = 0; i < values.Length; i++)
            {
                ReadOnlySpan<float> seen = found[i].GetTensorDataAsSpan<float>();
                int count = (int)found[i].GetTensorTypeAndShape().Shape[1];
                float[] most = magnitudes.TryGetValue(values[i], out float[]? before) ? before : magnitudes[values[i]] = new float[count];
                for (int j = 0; j < seen.Length; j++)
                {
                    most[j % count] = MathF.Max(most[j % count], seen[j]);
                }
            }
        }

        return magnitudes;
    }
}
