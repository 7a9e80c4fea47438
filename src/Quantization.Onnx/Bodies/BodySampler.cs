using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// Collects samples of bodies: it runs a model on its samples one by one, and keeps what the bodies get. Memory does not grow with the
/// number of samples. One thread at a time may add samples.
/// </summary>
internal sealed class BodySampler : IDisposable
{
    /// <summary>How many samples of a body are kept at most, and how many iterations of a loop from one sample.</summary>
    private const int MaxSamples = 256, MaxIterations = 32;

    /// <summary>What the samples of all bodies take at most.</summary>
    private const long MaxBytes = 64 << 20;

    private readonly FloatModel _model;
    private readonly string[] _values;
    private readonly InferenceSession _session;
    private readonly Dictionary<FoundBody, (BodyRuns Runs, SampleKeeper Kept)> _bodies = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<FoundBody, string> _failures = new(ReferenceEqualityComparer.Instance);

    /// <param name="model">The model; it has bodies.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="largestInMemory">A larger model goes to ONNX Runtime by way of files.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <exception cref="OnnxModelException">ONNX Runtime refuses the model.</exception>
    public BodySampler(FloatModel model, Func<SessionOptions>? optionsFactory, long largestInMemory, CancellationToken cancellationToken)
    {
        _model = model;
        FoundBody[] bodies = [.. model.Bodies.Where(body => body.Model is not null)];
        _values = [.. bodies.SelectMany(body => BodyModels.ValuesOf(body.Body, model.Analysis.Graph)).Distinct()];
        _session = ModelSession.Open(
            model.File.Path,
            _values.Length == 0 ? model.Model : ExposedValues.Of(model.Model, _values),
            optionsFactory,
            largestInMemory: largestInMemory);
        foreach (FoundBody body in bodies)
        {
            _bodies.Add(body, (
                new BodyRuns(body.Model!, optionsFactory, largestInMemory, cancellationToken),
                new SampleKeeper(SampleSource.FromEnumerable([]), MaxSamples, MaxBytes / bodies.Length)));
        }
    }

    /// <summary>A sampler that has seen samples.</summary>
    /// <param name="model">The model; it has bodies.</param>
    /// <param name="samples">The samples of the model.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="largestInMemory">A larger model goes to ONNX Runtime by way of files.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    public static BodySampler Fill(
        FloatModel model,
        IEnumerable<ModelSample> samples,
        Func<SessionOptions>? optionsFactory,
        long largestInMemory,
        CancellationToken cancellationToken)
    {
        BodySampler sampler = new(model, optionsFactory, largestInMemory, cancellationToken);
        try
        {
            foreach (ModelSample sample in samples)
            {
                cancellationToken.ThrowIfCancellationRequested();
                sampler.Add(sample);
            }
        }
        catch
        {
            sampler.Dispose();
            throw;
        }

        return sampler;
    }

    /// <summary>Runs the model on a sample and keeps what its bodies get.</summary>
    /// <exception cref="InvalidDataException">The sample does not fit the model, or the model cannot run on it.</exception>
    public void Add(ModelSample sample)
    {
        Dictionary<string, SampleTensor> values = Run(sample);
        foreach ((FoundBody body, (BodyRuns runs, SampleKeeper kept)) in _bodies)
        {
            SampleKeeper own = new(SampleSource.FromEnumerable([]), MaxIterations, MaxBytes / _bodies.Count);
            try
            {
                foreach (ModelSample run in runs.Of(sample.Name, values))
                {
                    own.Add(run);
                }
            }
            catch (Exception e) when (e is OnnxModelException or OnnxRuntimeException or InvalidDataException)
            {
                _failures.TryAdd(body, $"it cannot be run by itself: {e.Message.ReplaceLineEndings(" ")}");
            }

            foreach (ModelSample run in own.Take())
            {
                kept.Add(run);
            }
        }
    }

    /// <summary>The samples of a body that were kept.</summary>
    public IReadOnlyList<ModelSample> SamplesOf(FoundBody body) => _failures.ContainsKey(body) ? [] : _bodies[body].Kept.Kept;

    /// <summary>Why there is no sample of a body.</summary>
    public string WhyNone(FoundBody body) => _failures.GetValueOrDefault(body)
        ?? (_bodies[body].Runs.HasNonFinite ? "every sample that reaches it holds NaN or infinity" : "no sample reaches it");

    /// <inheritdoc />
    public void Dispose()
    {
        _session.Dispose();
        foreach ((BodyRuns runs, SampleKeeper _) in _bodies.Values)
        {
            runs.Dispose();
        }
    }

    private Dictionary<string, SampleTensor> Run(ModelSample sample)
    {
        using BoundSample bound = SampleBinder.Bind(sample, _session.InputMetadata);
        if (_values.Length == 0)
        {
            return [];
        }

        try
        {
            using RunOptions options = new();
            string[] names = [.. _values.Select((_, i) => ExposedValues.NameOf(i))];
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(options, bound.Inputs, names);
            return _values.Zip(outputs).ToDictionary(each => each.First, each => BodyRuns.Copy(each.First, each.Second));
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException(
                $"{sample.Name}: ONNX Runtime cannot run {_model.File.Path} on this sample: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }
}
