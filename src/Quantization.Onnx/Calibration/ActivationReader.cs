using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Computes the activations of a float model that quantization needs, and shows them to statistics. What a run hands out is all in memory at once, so where it would be too much the activations are
/// dealt into groups, and a sample runs once a group through a model that computes no more than the group needs. Any number of threads may observe at once.
/// </summary>
internal sealed class ActivationReader : IDisposable
{
    /// <summary>The activations that a model's first run hands out at once: how large they are is not known yet.</summary>
    private const int FirstGroupSize = 64;

    private readonly FloatModel _model;
    private readonly CalibrationOptions _options;
    private readonly int _threads;
    private readonly string[] _inputs;
    private readonly string[] _computed;
    private List<InferenceSession> _groups;

    /// <param name="model">The float model.</param>
    /// <param name="values">The activations to observe: values that nodes make, and inputs.</param>
    /// <param name="options">Memory, and what to do with NaN and infinity.</param>
    /// <param name="threads">How many threads will observe at once.</param>
    public ActivationReader(FloatModel model, IReadOnlyCollection<string> values, CalibrationOptions options, int threads)
    {
        _model = model;
        _options = options;
        _threads = threads;
        HashSet<string> wanted = [.. values];
        _inputs = [.. model.Model.Graph.Input.Select(input => input.Name).Where(wanted.Contains)];
        _computed = [.. model.Model.Graph.Node.SelectMany(node => node.Output).Where(wanted.Contains)];
        _groups = OpenAll(_computed.Chunk(FirstGroupSize));
    }

    /// <summary>Observes the first sample, which also tells how large activations are, and deals them into groups accordingly. No other thread may observe meanwhile.</summary>
    public void ObserveFirst(ModelSample sample, IReadOnlyDictionary<string, TensorStatistics> statistics)
    {
        Dictionary<string, long> bytes = [];
        Observe(sample, statistics, bytes);
        List<List<string>> groups = [[]];
        long held = 0;
        foreach (string value in _computed)
        {
            if (held > 0 && held + bytes[value] > _options.MaxActivationBytes / _threads)
            {
                groups.Add([]);
                held = 0;
            }

            groups[^1].Add(value);
            held += bytes[value];
        }

        if (groups.Count != _groups.Count)
        {
            List<InferenceSession> first = _groups;
            _groups = OpenAll(groups);
            first.ForEach(session => session.Dispose());
        }
    }

    /// <summary>Observes a sample.</summary>
    /// <exception cref="InvalidDataException">The sample does not fit the model, or an activation holds NaN or infinity.</exception>
    public void Observe(ModelSample sample, IReadOnlyDictionary<string, TensorStatistics> statistics) => Observe(sample, statistics, bytes: null);

    public void Dispose() => _groups.ForEach(session => session.Dispose());

    private void Observe(ModelSample sample, IReadOnlyDictionary<string, TensorStatistics> statistics, Dictionary<string, long>? bytes)
    {
        using BoundSample bound = SampleBinder.Bind(sample, _groups[0].InputMetadata);
        foreach (string input in _inputs)
        {
            Observe(sample, input, bound.Inputs[input], statistics[input]);
        }

        using RunOptions runOptions = new();
        foreach (InferenceSession session in _computed.Length > 0 ? _groups : [])
        {
            using IDisposableReadOnlyCollection<OrtValue> outputs = Run(session, runOptions, sample, bound);
            for (int i = 0; i < outputs.Count; i++)
            {
                string name = session.OutputNames[i];
                Observe(sample, name, outputs[i], statistics[name]);
                bytes?.Add(name, outputs[i].GetTensorSizeInBytes());
            }
        }
    }

    private void Observe(ModelSample sample, string name, OrtValue value, TensorStatistics seen)
    {
        if (value.GetTensorTypeAndShape().ElementDataType != TensorElementType.Float)
        {
            throw new OnnxModelException(_model.File.Path, $"activation '{name}' is not of 32-bit floats.");
        }

        try
        {
            seen.Observe(value.GetTensorDataAsSpan<float>(), _options.NonFinite);
        }
        catch (NonFiniteValueException e)
        {
            throw new InvalidDataException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{sample.Name}: activation '{name}' of {_model.File.Path} holds {e.Value:R} at element {e.Index}, computed in float from finite inputs; remove the sample, repair the model, or calibrate with CalibrationOptions.NonFinite = NonFiniteValues.Ignore."),
                e);
        }
    }

    private IDisposableReadOnlyCollection<OrtValue> Run(InferenceSession session, RunOptions runOptions, ModelSample sample, BoundSample bound)
    {
        try
        {
            return session.Run(runOptions, bound.Inputs, session.OutputNames);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException($"{sample.Name}: ONNX Runtime cannot run {_model.File.Path} on this sample: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private List<InferenceSession> OpenAll(IEnumerable<IReadOnlyList<string>> groups)
    {
        List<InferenceSession> sessions = [];
        try
        {
            // Where only inputs are observed, the model as it is tells how they are bound.
            foreach (IReadOnlyList<string> group in groups.DefaultIfEmpty([]))
            {
                sessions.Add(Open(group));
            }

            return sessions;
        }
        catch
        {
            sessions.ForEach(session => session.Dispose());
            throw;
        }
    }

    /// <summary>A session of a copy of the model that computes the wanted values and nothing besides.</summary>
    private InferenceSession Open(IReadOnlyList<string> values)
    {
        ModelProto copy = _model.Model.Clone();
        Dictionary<string, ValueInfoProto> known = copy.Graph.Output.ToDictionary(output => output.Name);
        if (values.Count > 0)
        {
            copy.Graph.Output.Clear();
            copy.Graph.Output.Add(values.Select(value => known.GetValueOrDefault(value) ?? new ValueInfoProto { Name = value }));
        }

        // Samples side by side use the cores better than the threads of one run; who gives options of their own decides for themselves.
        return ModelSession.Open(_model.File.Path, copy, _options.SessionOptionsFactory, options =>
        {
            if (_options.SessionOptionsFactory is null && _threads > 1)
            {
                options.IntraOpNumThreads = 1;
            }
        });
    }
}
