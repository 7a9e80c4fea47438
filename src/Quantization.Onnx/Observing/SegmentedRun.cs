using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Runs samples through a float model in segments: ONNX Runtime holds the weights of one segment at a time, and what later segments need
/// waits in temporary files. Samples run one after another.
/// </summary>
internal sealed class SegmentedRun : IDisposable
{
    /// <summary>The most bytes of weights of a segment, unless a single node reads more.</summary>
    public const long UsualLimit = 1L << 29;

    private readonly FloatModel _model;
    private readonly ISampleSource _samples;
    private readonly Func<SessionOptions>? _optionsFactory;
    private readonly CancellationToken _cancellationToken;
    private readonly SpilledValues _spilled;
    private readonly SegmentTypes _types = new();
    private readonly HashSet<string> _given;
    private IReadOnlyList<ModelSegment> _segments;
    private Dictionary<string, int> _makers;

    /// <summary>The segments that ran since the last start, so that their outputs were spilled.</summary>
    private int _done;

    /// <param name="model">The float model.</param>
    /// <param name="samples">The samples. They are read once for each run of a segment.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="limit">The most bytes of weights of a segment.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    public SegmentedRun(
        FloatModel model, ISampleSource samples, Func<SessionOptions>? optionsFactory, long limit, CancellationToken cancellationToken)
    {
        _model = model;
        _samples = samples;
        _optionsFactory = optionsFactory;
        _cancellationToken = cancellationToken;
        _spilled = new SpilledValues(model.File.Path);
        _given = [.. model.Model.Graph.Input.Select(input => input.Name)];
        Cut(limit);
    }

    /// <summary>Told of each sample before its values are looked at, with the model's inputs.</summary>
    public Action<ModelSample, BoundSample, IReadOnlyDictionary<string, NodeMetadata>>? Begin { private get; set; }

    /// <summary>The number of segments.</summary>
    public int Count => _segments.Count;

    /// <summary>The segment that makes a value; the first one for the model's inputs.</summary>
    public int SegmentOf(string value) => _makers.GetValueOrDefault(value);

    /// <summary>Runs all samples through a segment, and through those before it that did not run yet.</summary>
    /// <param name="values">The values to look at: those that one segment makes, or inputs of the model.</param>
    /// <param name="look">Gets each of them for each sample.</param>
    /// <param name="completed">Reports how many samples went through a segment.</param>
    /// <returns>The number of samples.</returns>
    /// <exception cref="InvalidDataException">A sample does not fit the model.</exception>
    /// <exception cref="IOException">The temporary folder has no room for the activations.</exception>
    public long Run(IReadOnlyList<string> values, Action<string, OrtValue, ModelSample> look, Action<long> completed)
    {
        int segment = SegmentOf(values[0]);
        if (_segments[segment].Inputs.Any(input => SegmentOf(input) < _done && !_spilled.Contains(input)))
        {
            Restart();
        }

        while (true)
        {
            bool isLast = _done >= segment;
            if (RunOne(isLast ? segment : _done, isLast ? values : [], look, completed) is not { } count)
            {
                Cut(long.MaxValue);
                segment = 0;
            }
            else if (isLast)
            {
                return count;
            }
        }
    }

    public void Dispose() => _spilled.Dispose();

    [MemberNotNull(nameof(_segments), nameof(_makers))]
    private void Cut(long limit)
    {
        Restart();
        _segments = SegmentCutter.Cut(_model.Model.Graph, limit);
        _makers = [];
        for (int i = 0; i < _segments.Count; i++)
        {
            foreach (string output in _segments[i].Nodes.SelectMany(node => node.Output))
            {
                _makers[output] = i;
            }
        }
    }

    private void Restart()
    {
        _spilled.KeepOnly(_ => false);
        _done = 0;
    }

    /// <summary>Runs one segment; null where it makes a value for a later one that no file can hold.</summary>
    private long? RunOne(int index, IReadOnlyList<string> values, Action<string, OrtValue, ModelSample> look, Action<long> completed)
    {
        ModelSegment segment = _segments[index];
        _spilled.KeepOnly(value => _segments.Skip(index).Any(later => later.Inputs.Contains(value)));
        string[] spilled = index < _done ? [] : [.. segment.Outputs];
        string[] wanted = [.. values.Where(value => !_given.Contains(value)).Union(spilled)];
        using InferenceSession session = Open(segment, wanted);
        if (!spilled.All(name => _types.TryAdd(name, session.OutputMetadata[name])))
        {
            return null;
        }

        Dictionary<string, NodeMetadata> inputs = session.InputMetadata.Where(input => _given.Contains(input.Key))
            .ToDictionary(input => input.Key, input => input.Value);
        using RunOptions run = new();
        using SpilledReader reader = _spilled.Open(segment.Inputs);
        using SpilledWriter writer = _spilled.Create(spilled);
        long count = 0;
        foreach (ModelSample sample in _samples)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            using BoundSample own = SampleBinder.Bind(sample, inputs), earlier = reader.Read(sample.Name);
            if (values.Count > 0)
            {
                Begin?.Invoke(sample, own, inputs);
            }

            foreach (string name in values.Where(_given.Contains))
            {
                look(name, own.Inputs[name], sample);
            }

            if (wanted.Length > 0)
            {
                using IDisposableReadOnlyCollection<OrtValue> results = Run(session, run, wanted, own, earlier, sample);
                for (int i = 0; i < wanted.Length; i++)
                {
                    if (values.Contains(wanted[i]))
                    {
                        look(wanted[i], results[i], sample);
                    }

                    if (spilled.Contains(wanted[i]))
                    {
                        _types.Check(wanted[i], results[i]);
                        writer.Write(wanted[i], results[i]);
                    }
                }
            }

            completed(++count);
        }

        _done = Math.Max(_done, index + 1);
        return count;
    }

    private IDisposableReadOnlyCollection<OrtValue> Run(
        InferenceSession session, RunOptions run, string[] wanted, BoundSample own, BoundSample earlier, ModelSample sample)
    {
        try
        {
            return session.Run(run, new Dictionary<string, OrtValue>([.. own.Inputs, .. earlier.Inputs]), wanted);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException(
                $"{sample.Name}: ONNX Runtime cannot run {_model.File.Path} on this sample: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private InferenceSession Open(ModelSegment segment, string[] wanted)
    {
        string[] outputs = wanted.Length > 0 ? wanted : segment.Outputs.Count > 0 ? [.. segment.Outputs]
            : [.. _model.Model.Graph.Output.Select(output => output.Name)];
        ModelProto copy = ObservedModel.Of(_model.Model, outputs);
        if (segment.Inputs.Count > 0 || _segments.Count > 1)
        {
            Keep(segment, copy.Graph);
        }

        DeadNodes.Remove(copy.Graph);
        return ModelSession.Open(_model.File.Path, copy, _optionsFactory, options =>
        {
            if (_optionsFactory is null)
            {
                options.EnableMemoryPattern = false; // samples have many lengths
                options.AddSessionConfigEntry("session.disable_prepacking", "1"); // weights would be in memory twice
            }
        });
    }

    /// <summary>Takes the nodes of other segments out of a graph, and gives it what they make as inputs.</summary>
    private void Keep(ModelSegment segment, GraphProto graph)
    {
        HashSet<string> others = [.. _segments.Where(each => each != segment).SelectMany(each => each.Nodes)
            .SelectMany(node => node.Output).Where(output => output.Length > 0)];
        NodeProto[] kept = [.. graph.Node.Where(node => !node.Output.Any(others.Contains))];
        graph.Node.Clear();
        graph.Node.Add(kept);
        ValueInfoProto[] known = [.. graph.ValueInfo.Where(value => !segment.Inputs.Contains(value.Name))];
        graph.ValueInfo.Clear();
        graph.ValueInfo.Add(known);
        graph.Input.Add(segment.Inputs.Select(_types.Describe));
    }
}
