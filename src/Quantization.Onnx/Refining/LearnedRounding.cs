using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Learns from samples which weights of a plan are rounded up and which down. What samples show of a layer's inputs is added up for a group
/// of layers at a time, so that memory is bounded. The same samples give the same plan, regardless of the number of threads.
/// </summary>
internal sealed class LearnedRounding
{
    /// <summary>
    /// The maximum number of positions of all samples that are used: enough to distinguish the inputs of a layer, and few enough for large
    /// images.
    /// </summary>
    private const int MaxPositions = 4096;

    /// <summary>
    /// A long row gets fewer positions, down to its own length: so many products are added up for each group of channels.
    /// </summary>
    private const double UsualProducts = 4e9;

    /// <summary>The sums and the inputs of a group take no more memory than this, unless those of one layer do.</summary>
    private const long MaxBytes = 96 << 20;

    /// <summary>Layers that multiply more at once are left as they are: their sums would be too large.</summary>
    private const int LongestRow = 2560;

    private readonly RefinedModel _refined;
    private readonly IReadOnlyList<ModelSample> _samples;
    private readonly IntegerWork _work;
    private readonly Func<SessionOptions>? _sessionOptions;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<string, ImmutableArray<sbyte>> _byResult = [];

    /// <summary>What to do with padding.</summary>
    private PaddingOptions Padding { get; init; } = new();

    private LearnedRounding(
        RefinedModel refined, IReadOnlyList<ModelSample> samples, IntegerWork work, Func<SessionOptions>? sessionOptions,
        CancellationToken cancellationToken)
    {
        _refined = refined;
        _samples = samples;
        _work = work;
        _sessionOptions = sessionOptions;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Learns the rounding of a plan's layers.</summary>
    /// <param name="refined">The plan, with its model.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="work">Tells how large the layers' inputs are.</param>
    /// <param name="sessionOptions">The user's session options; null for the defaults.</param>
    /// <param name="cancellationToken">Stops between runs and layers.</param>
    /// <param name="padding">What to do with padding; null to leave it out.</param>
    public static LearnedRounding Find(
        RefinedModel refined, IReadOnlyList<ModelSample> samples, IntegerWork work, Func<SessionOptions>? sessionOptions,
        CancellationToken cancellationToken,
        PaddingOptions? padding = null)
    {
        LearnedRounding rounding =
            new(refined, samples, work, sessionOptions, cancellationToken) { Padding = padding ?? new PaddingOptions() };
        rounding.Find();
        return rounding;
    }

    /// <summary>The plan with learned rounding. It may leave more in float than the plan that was learned from.</summary>
    public QuantizationPlan Apply(QuantizationPlan plan) => plan with
    {
        Nodes =
        [
            .. plan.Nodes.Select(node => node.Weights is not null && _byResult.TryGetValue(node.Result, out ImmutableArray<sbyte> offsets)
                ? node with { RoundingOffsets = offsets }
                : node)
        ],
    };

    private void Find()
    {
        QuantizationPlan plan = _refined.Plan;
        QuantizationPlan resolved = _refined.Models.Resolve(plan);
        List<Layer> layers = [];
        NodePlan[] rounded = [.. resolved.Nodes.Where(node => node.Weights is { Blocks: null })];

        // Layers with the same weights share their codes in the file: each with a rounding of its own would make it larger.
        HashSet<object> shared = [.. rounded.Select(node => ContentOf(_refined.Model.Analysis.Find(node))).GroupBy(content => content)
            .Where(group => group.Count() > 1).Select(group => group.Key)];
        foreach (NodePlan node in rounded)
        {
            QuantizableNode facts = _refined.Model.Analysis.Find(node);
            if (!shared.Contains(ContentOf(facts)) && LayerPatches.Of(facts) is { } patches && patches.Length <= LongestRow)
            {
                layers.Add(new Layer(node, facts, patches));
            }
        }

        for (int first = 0; first < layers.Count;)
        {
            Layer[] group = [.. layers.Skip(first).Take(CountOfGroup(layers, first))];
            first += group.Length;
            foreach ((Layer layer, InputCovariance covariance) in group.Zip(Observe(group)))
            {
                _cancellationToken.ThrowIfCancellationRequested();
                _byResult[layer.Plan.Result] = Round(layer, covariance.Finish());
            }
        }
    }

    /// <summary>What tells weights apart, whatever they are called.</summary>
    private static object ContentOf(QuantizableNode layer) =>
        layer.Weight!.Weight is { RawData.IsEmpty: true } unpacked ? unpacked : layer.Weight.Weight.RawData;

    private int CountOfGroup(List<Layer> layers, int first)
    {
        long bytes = 0;
        int count = 0;
        while (first + count < layers.Count)
        {
            Layer layer = layers[first + count];
            bytes += InputCovariance.BytesOf(layer.Patches) + sizeof(float) * _work.ProductsOf(layer.Facts.Label) / layer.Patches.Length;
            if (bytes > MaxBytes && count > 0)
            {
                break;
            }

            count++;
        }

        return count;
    }

    private InputCovariance[] Observe(Layer[] group)
    {
        InputCovariance[] covariances = [.. group.Select(layer => new InputCovariance(layer.Patches))];
        Random[] chances = [.. group.Select((_, i) => new Random(i))];
        HashSet<string> given = [.. _refined.Model.Model.Graph.Input.Select(input => input.Name)];
        string[] values = [.. group.Select(layer => layer.Facts.Inputs[0]).Distinct()],
            computed = [.. values.Where(value => !given.Contains(value))];
        ModelProto observed = ObservedModel.Of(
            _refined.Model.Model, computed.Length > 0 ? computed : _refined.Model.Model.Graph.Output.Select(output => output.Name));
        DeadNodes.Remove(observed.Graph);
        using InferenceSession session = ModelSession.Open(
            _refined.Model.File.Path, observed, _sessionOptions, options => options.EnableCpuMemArena = false);
        using RunOptions run = new();
        int[] most = [.. group.Select(layer => (int)Math.Ceiling(Math.Clamp(
            UsualProducts / ((double)layer.Patches.Length * layer.Patches.Length),
            Math.Min(layer.Patches.Length, MaxPositions),
            MaxPositions) / _samples.Count))];
        using SamplePadding padding = new(_refined.Model, values, Padding, _sessionOptions);
        foreach (ModelSample sample in _samples)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
            PaddedSample? padded = padding.Find(sample, bound, session.InputMetadata);
            using IDisposableReadOnlyCollection<OrtValue>? outputs = computed.Length > 0 ? session.Run(run, bound.Inputs, computed) : null;
            SideBySide.For(group.Length, AddRows, _cancellationToken);

            void AddRows(int i)
            {
                string value = group[i].Facts.Inputs[0];
                OrtValue seen = given.Contains(value) ? bound.Inputs[value] : outputs![Array.IndexOf(computed, value)];
                OrtTensorTypeAndShapeInfo info = seen.GetTensorTypeAndShape();
                if (info.ElementDataType == TensorElementType.Float)
                {
                    ReadOnlySpan<float> all = seen.GetTensorDataAsSpan<float>(), rows = all;
                    if (padded is not null && group[i].Patches.IsOfRows)
                    {
                        rows = padded.RowsOf(value, all, info.Shape);
                    }

                    long[] shape = rows.Length == all.Length ? info.Shape : [rows.Length / info.Shape[^1], info.Shape[^1]];
                    covariances[i].Add(rows, shape, most[i], chances[i]);
                }
            }
        }

        return covariances;
    }

    private ImmutableArray<sbyte> Round(Layer layer, ReadOnlyMemory<float>[] covariances)
    {
        WeightSlot slot = layer.Facts.Weight!;
        QuantizedWeight nearest = _refined.Models.Round(layer.Facts, layer.Plan with { RoundingOffsets = [] });
        int channels = (int)slot.Channels, length = layer.Patches.Length;
        (int channelStride, int inputStride) = slot.ChannelAxis == 0 ? (length, 1) : (1, channels);
        sbyte[] offsets = new sbyte[RoundingOffsets.CountFor(channels * length)];
        int[][] orders = [.. covariances.Select(
            covariance => Enumerable.Range(0, length).OrderByDescending(i => covariance.Span[i * length + i]).ToArray())];
        SideBySide.For(channels, RoundChannel, _cancellationToken);
        return Array.TrueForAll(offsets, offset => offset == 0) ? [] : [.. offsets];

        void RoundChannel(int channel)
        {
            ReadOnlySpan<float> weights = slot.Weight.ViewFloats();
            float scale = nearest.Scales[nearest.Scales.Length == 1 ? 0 : channel];
            float[] steps = new float[length];
            for (int i = 0; i < length; i++)
            {
                steps[i] = weights[channel * channelStride + i * inputStride] / scale;
            }

            sbyte[] own = new sbyte[length];
            int group = channel / (channels / covariances.Length);
            RoundingDescent.Find(steps, covariances[group].Span, orders[group], nearest.Format.MaxCode, own);
            for (int i = 0; i < length; i++)
            {
                offsets[channel * channelStride + i * inputStride] = own[i];
            }
        }
    }

    private sealed record Layer(NodePlan Plan, QuantizableNode Facts, LayerPatches Patches);
}
