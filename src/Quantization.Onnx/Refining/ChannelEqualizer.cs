using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Chooses how channels are scaled. A channel whose values reach only to r, where the largest reaches to R, is enlarged by <c>(R / r)^strength</c>, rounded to a power of two: it then uses more of the codes. Its reader's
/// weights shrink by as much. Where the reader has a scale for each of its input channels, as a depthwise convolution has, that costs nothing, and the strength can be 1; elsewhere it costs precision of the weights.
/// </summary>
internal sealed class ChannelEqualizer
{
    /// <summary>Channels are not enlarged more than so many doublings: what a few samples do not show could lie beyond the range.</summary>
    private const int MostDoublings = 8;

    private readonly Dictionary<string, float[]> _magnitudes;
    private readonly IReadOnlyList<ScalableChannels> _channels;

    private ChannelEqualizer(IReadOnlyList<ScalableChannels> channels, Dictionary<string, float[]> magnitudes)
    {
        _channels = channels;
        _magnitudes = magnitudes;
    }

    /// <summary>Measures how far each channel reaches.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="plan">The plan; only what becomes codes gains by scaling.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="sessionOptions">The user's session options; null for the defaults.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <returns>Null where the model has no channels to scale.</returns>
    public static ChannelEqualizer? Measure(FloatModel model, QuantizationPlan plan, IReadOnlyList<ModelSample> samples, Func<SessionOptions>? sessionOptions, CancellationToken cancellationToken)
    {
        HashSet<string> weighted = [.. plan.Nodes.Where(node => node.Weights is not null).Select(node => node.Result)];
        Dictionary<string, string> sources = [];
        foreach (ValueEncoding each in plan.Nodes.SelectMany(node => node.Inputs.Concat(node.Results)))
        {
            if (each.Encoding.Range is ObservedRange observed)
            {
                sources.TryAdd(each.Value, observed.Source);
            }
        }

        // What shares its parameters with values elsewhere cannot be scaled alone.
        ScalableChannels[] channels =
        [
            .. Equalization.Find(model.Analysis.Graph, model.Target).Where(each => weighted.Contains(each.Value) && each.Readers.All(reader => weighted.Contains(reader.Output[0]))
                && each.Values.Any(sources.ContainsKey)
                && sources.All(source => each.Values.Contains(source.Key) == each.Values.Contains(source.Value))),
        ];
        return channels.Length == 0 ? null : new ChannelEqualizer(channels, Run(model, channels, samples, sessionOptions, cancellationToken));
    }

    /// <summary>The scalings of a strength.</summary>
    /// <param name="ordinary">The strength where a reader's weights share a scale over input channels.</param>
    /// <param name="depthwise">The strength where each input channel has a scale of its own.</param>
    public IReadOnlyList<ChannelScaling> Choose(double ordinary, double depthwise) =>
    [
        .. _channels.Select(each => Choose(each, each.Readers.All(reader => reader.GetInt("group", 1) > 1) ? depthwise : ordinary))
            .Where(scaling => scaling.Exponents.Any(exponent => exponent != 0)),
    ];

    /// <summary>The values that scalings change.</summary>
    public IEnumerable<string> ValuesOf(IReadOnlyList<ChannelScaling> scalings)
    {
        HashSet<string> scaled = [.. scalings.Select(scaling => scaling.Value)];
        return _channels.Where(each => scaled.Contains(each.Value)).SelectMany(each => each.Values);
    }

    private ChannelScaling Choose(ScalableChannels channels, double strength)
    {
        float[] magnitudes = _magnitudes[channels.Value];
        float largest = magnitudes.Max();
        return new ChannelScaling(
            channels.Value,
            [.. magnitudes.Select(magnitude => largest == 0 ? 0 : -(int)Math.Round(Math.Min(MostDoublings, strength * Math.Log2(largest / Math.Max(magnitude, largest * 1e-6)))))]);
    }

    private static Dictionary<string, float[]> Run(
        FloatModel model, ScalableChannels[] channels, IReadOnlyList<ModelSample> samples, Func<SessionOptions>? sessionOptions, CancellationToken cancellationToken)
    {
        ModelProto observed = model.Model.Clone();
        NameAllocator names = new(observed.Graph);
        observed.Graph.Output.Clear();
        string[] outputs = new string[channels.Length];
        for (int i = 0; i < channels.Length; i++)
        {
            outputs[i] = Measurement.AddMagnitudes(observed.Graph, names, channels[i].Value);
            observed.Graph.Output.Add(new ValueInfoProto { Name = outputs[i] });
        }

        DeadNodes.Remove(observed.Graph);
        using InferenceSession session = ModelSession.Open(model.File.Path, observed, sessionOptions, options => options.EnableCpuMemArena = false);
        using RunOptions run = new();
        Dictionary<string, float[]> magnitudes = [];
        foreach (ModelSample sample in samples)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
            using IDisposableReadOnlyCollection<OrtValue> values = session.Run(run, bound.Inputs, outputs);
            for (int i = 0; i < channels.Length; i++)
            {
                ReadOnlySpan<float> seen = values[i].GetTensorDataAsSpan<float>();
                int count = (int)values[i].GetTensorTypeAndShape().Shape[1];
                float[] most = magnitudes.TryGetValue(channels[i].Value, out float[]? before) ? before : magnitudes[channels[i].Value] = new float[count];
                for (int j = 0; j < seen.Length; j++)
                {
                    most[j % count] = MathF.Max(most[j % count], seen[j]);
                }
            }
        }

        return magnitudes;
    }
}
