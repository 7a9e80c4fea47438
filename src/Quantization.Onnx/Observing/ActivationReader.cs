using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Computes the activations of a float model that quantization needs, and shows them to statistics. Each is seen as soon as it is computed,
/// so that a run takes little more memory than the model itself. Several threads may observe at once.
/// </summary>
internal sealed class ActivationReader : IDisposable
{
    private readonly string[] _inputs;
    private readonly string[] _computed;
    private readonly InferenceSession _session;
    private readonly Dictionary<string, NodeMetadata> _bindable;
    private readonly PaddingFilter _padding;

    /// <param name="model">The float model.</param>
    /// <param name="options">What to do with NaN and infinity, and how sessions are opened.</param>
    /// <param name="samples">How many samples there will be, where that is known: no more threads than samples are needed.</param>
    /// <exception cref="OnnxModelException">There is nothing to observe, or ONNX Runtime refuses the model.</exception>
    public ActivationReader(FloatModel model, CalibrationOptions options, int? samples)
    {
        Model = model;
        Options = options;
        Threads = Math.Clamp(samples ?? int.MaxValue, 1, options.MaxDegreeOfParallelism);
        ObservationRequest request = model.Observations ?? throw new OnnxModelException(
            model.File.Path,
            $"there is nothing to quantize, and so nothing to calibrate: {CalibrationAdvice.WhyEmpty(model.Analysis.Whole.Notes.Float)}. "
            + "Use the model as it is; quantizing it without a calibration copies it.");
        HashSet<string> wanted = [.. request.Distributions];
        Values = wanted;
        _inputs = [.. model.Model.Graph.Input.Select(input => input.Name).Where(wanted.Contains)];
        _computed = [.. model.Model.Graph.Node.SelectMany(node => node.Output).Where(wanted.Contains)];
        _session = Open();
        _bindable = new(_session.InputMetadata.Where(input => input.Key != Observer.AddressInput));
        _padding = new PaddingFilter(options.Padding, model, wanted, _bindable, FindShapes);
    }

    /// <summary>The float model.</summary>
    public FloatModel Model { get; }

    public CalibrationOptions Options { get; }

    /// <summary>How many threads may observe at once.</summary>
    public int Threads { get; }

    /// <summary>The activations that are observed: values that nodes make, and inputs.</summary>
    public IReadOnlyCollection<string> Values { get; }

    /// <summary>What was left out as padding since the last call; null where no sample had a mask.</summary>
    public ObservedPadding? TakePadding() => _padding.Take();

    /// <summary>Lets the next sample with a mask decide again which axes follow it.</summary>
    public void ForgetPadding() => _padding.Forget();

    /// <summary>Observes a sample.</summary>
    /// <returns>The sample's digest.</returns>
    /// <exception cref="InvalidDataException">The sample does not fit the model, or an activation holds NaN or infinity.</exception>
    public SampleDigest Observe(ModelSample sample, IReadOnlyDictionary<string, TensorStatistics> statistics)
    {
        using BoundSample bound = SampleBinder.Bind(sample, _bindable);
        using Observation observation = new(Model, sample, _computed, statistics, Options.NonFinite, _padding.Find(sample, bound));
        foreach (string input in _inputs)
        {
            OrtTensorTypeAndShapeInfo info = bound.Inputs[input].GetTensorTypeAndShape();
            if (info.ElementDataType != TensorElementType.Float)
            {
                throw new OnnxModelException(Model.File.Path, $"activation '{input}' is not of 32-bit floats.");
            }

            observation.See(input, bound.Inputs[input].GetTensorDataAsSpan<float>(), info.Shape);
        }

        if (_computed.Length > 0)
        {
            try
            {
                Run(bound.Inputs, observation);
            }
            catch (OnnxRuntimeException e)
            {
                observation.ThrowIfFailed();
                throw new InvalidDataException(
                    $"{sample.Name}: ONNX Runtime cannot run {Model.File.Path} on this sample: {e.Message.ReplaceLineEndings(" ")}", e);
            }

            observation.ThrowIfFailed();
        }

        return SampleDigest.Of(sample);
    }

    /// <summary>The digest of a sample that is not run.</summary>
    /// <exception cref="InvalidDataException">The sample does not fit the model.</exception>
    public SampleDigest Digest(ModelSample sample)
    {
        SampleBinder.Bind(sample, _bindable).Dispose(); // names, types and shapes are checked before values are read
        return SampleDigest.Of(sample);
    }

    public void Dispose() => _session.Dispose();

    private void Run(IReadOnlyDictionary<string, OrtValue> bound, ObservedRun observed)
    {
        using OrtValue address = OrtValue.CreateTensorValueFromMemory([observed.Address], []);
        Dictionary<string, OrtValue> inputs = new(bound) { [Observer.AddressInput] = address };
        using RunOptions runOptions = new();
        using IDisposableReadOnlyCollection<OrtValue> nothing = _session.Run(runOptions, inputs, _session.OutputNames);
    }

    /// <summary>The shapes of all values that are observed; null where the model does not run on these inputs.</summary>
    private Dictionary<string, long[]>? FindShapes(IReadOnlyDictionary<string, OrtValue> bound)
    {
        using ShapeObservation shapes = new(_computed);
        try
        {
            if (_computed.Length > 0)
            {
                Run(bound, shapes);
            }
        }
        catch (OnnxRuntimeException)
        {
            return null;
        }

        return new(shapes.Shapes.Concat(_inputs.Select(input => KeyValuePair.Create(input, bound[input].GetTensorTypeAndShape().Shape))));
    }

    private InferenceSession Open()
    {
        ModelProto copy = Model.Model.Clone();
        if (_computed.Length > 0)
        {
            Observer.Attach(copy, _computed);
        }

        return ModelSession.Open(Model.File.Path, copy, Options.SessionOptionsFactory, options =>
        {
            Observer.Register(options);

            // Who gives options of their own decides for themselves.
            if (Options.SessionOptionsFactory is null)
            {
                // Plans of memory are kept for each shape that was met, and samples of different sizes have many.
                options.EnableMemoryPattern = false;
                if (Threads > 1 || Options.RunsOnOneThread)
                {
                    // Samples side by side use the cores better than the threads of one run.
                    options.IntraOpNumThreads = 1;
                }
            }
        });
    }
}
