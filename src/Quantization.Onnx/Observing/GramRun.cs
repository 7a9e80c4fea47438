using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Runs samples through a float model and adds up x · xᵀ over the inputs x of its layers. Samples run one after another, so sums do not
/// depend on threads.
/// </summary>
internal sealed class GramRun
{
    private readonly FloatModel _model;
    private readonly ISampleSource _samples;
    private readonly Func<SessionOptions>? _optionsFactory;
    private readonly IProgress<QuantizationProgress>? _progress;
    private readonly CancellationToken _cancellationToken;

    /// <param name="model">The float model.</param>
    /// <param name="samples">The samples. They are read once for each group of layers.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="progress">Told of each sample.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    public GramRun(
        FloatModel model, ISampleSource samples, Func<SessionOptions>? optionsFactory, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        _model = model;
        _samples = samples;
        _optionsFactory = optionsFactory;
        _progress = progress;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Adds up over the samples.</summary>
    /// <param name="inputs">The values whose last axis is x, with its length.</param>
    /// <exception cref="InvalidDataException">A sample does not fit the model, or a value is NaN or infinite.</exception>
    /// <exception cref="ArgumentException">There is no sample.</exception>
    public IReadOnlyDictionary<string, GramMatrix> Collect(IReadOnlyDictionary<string, int> inputs)
    {
        Dictionary<string, GramSum> sums = inputs.ToDictionary(each => each.Key, each => new GramSum(each.Value));
        string[] given = [.. _model.Model.Graph.Input.Select(input => input.Name).Where(inputs.ContainsKey)],
            computed = [.. inputs.Keys.Except(given)];
        using InferenceSession session = Open(computed);
        using RunOptions run = new();
        long completed = 0;
        foreach (ModelSample sample in _samples)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
            Array.ForEach(given, name => Add(sums[name], name, bound.Inputs[name], sample));
            Run(session, run, computed, bound, sample, sums);
            completed++;
            _progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, completed, _samples.Count));
        }

        return completed > 0
            ? sums.ToDictionary(each => each.Key, each => each.Value.Finish())
            : throw new ArgumentException("There is no sample to find the weights' codes with; give at least one.");
    }

    private void Run(InferenceSession session, RunOptions run, string[] computed, BoundSample bound, ModelSample sample,
        Dictionary<string, GramSum> sums)
    {
        if (computed.Length == 0)
        {
            return;
        }

        try
        {
            using IDisposableReadOnlyCollection<OrtValue> values = session.Run(run, bound.Inputs, computed);
            for (int i = 0; i < computed.Length; i++)
            {
                Add(sums[computed[i]], computed[i], values[i], sample);
            }
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException(
                $"{sample.Name}: ONNX Runtime cannot run {_model.File.Path} on this sample: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private void Add(GramSum sum, string name, OrtValue value, ModelSample sample)
    {
        ReadOnlySpan<float> floats;
        switch (value.GetTensorTypeAndShape().ElementDataType)
        {
            case TensorElementType.Float:
                floats = value.GetTensorDataAsSpan<float>();
                break;
            case TensorElementType.Float16:
                float[] widened = new float[value.GetTensorDataAsSpan<Float16>().Length];
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<Float16, Half>(value.GetTensorDataAsSpan<Float16>()), widened);
                floats = widened;
                break;
            default:
                throw new OnnxModelException(
                    _model.File.Path, $"the value '{name}' is not of floats of 32 or 16 bits, which the methods that need samples look "
                    + $"at; use the method nearest.");
        }

        if (!TensorPrimitives.IsFiniteAll(floats))
        {
            throw new InvalidDataException(
                $"{sample.Name}: the value '{name}' is NaN or infinite on this sample; leave the sample out, or the node that reads "
                + $"the value in float.");
        }

        sum.Add(floats);
    }

    private InferenceSession Open(string[] computed)
    {
        ModelProto copy = ObservedModel.Of(
            _model.Model, computed.Length > 0 ? computed : _model.Model.Graph.Output.Select(output => output.Name));
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
}
