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
internal sealed class GramRun : IDisposable
{
    private readonly FloatModel _model;
    private readonly ISampleSource _samples;
    private readonly Func<SessionOptions>? _sessionOptions;
    private readonly SegmentedRun _run;
    private readonly IProgress<QuantizationProgress>? _progress;

    /// <param name="model">The float model.</param>
    /// <param name="samples">The samples. They are read once for each group of layers.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="progress">Reports each sample.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <param name="segmentBytes">The most bytes of weights that run together.</param>
    public GramRun(
        FloatModel model, ISampleSource samples, Func<SessionOptions>? optionsFactory, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken, long segmentBytes = SegmentedRun.UsualLimit)
    {
        _model = model;
        _samples = samples;
        _sessionOptions = optionsFactory;
        _run = new SegmentedRun(model, samples, optionsFactory, segmentBytes, cancellationToken);
        _progress = progress;
    }

    /// <summary>What to do with padding. By default padding does not count.</summary>
    public PaddingOptions Padding { get; init; } = new();

    /// <summary>The number of segments that the model runs in.</summary>
    public int Segments => _run.Count;

    /// <summary>The segment of the model that makes a value: the values of one segment are cheap to look at together.</summary>
    public int SegmentOf(string value) => _run.SegmentOf(value);

    /// <summary>Adds up over the samples.</summary>
    /// <param name="inputs">The values whose last axis is x, with its length.</param>
    /// <exception cref="InvalidDataException">A sample does not fit the model, or a value is NaN or infinite.</exception>
    /// <exception cref="ArgumentException">There is no sample.</exception>
    public IReadOnlyDictionary<string, GramMatrix> Collect(IReadOnlyDictionary<string, int> inputs)
    {
        Dictionary<string, GramSum> sums = inputs.ToDictionary(each => each.Key, each => new GramSum(each.Value));
        PaddedSample? padded = null;
        using SamplePadding padding = new(_model, inputs.Keys.ToHashSet(), Padding, _sessionOptions) { CanRun = _run.Count == 1 };
        _run.Begin = (sample, bound, metadata) => padded = padding.Find(sample, bound, metadata);
        foreach (IGrouping<int, string> segment in inputs.Keys.GroupBy(_run.SegmentOf).OrderBy(group => group.Key))
        {
            long samples = _run.Run([.. segment], (name, value, sample) => Add(sums[name], name, value, sample, padded), completed =>
                _progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, completed, _samples.Count)));
            if (samples == 0)
            {
                throw new ArgumentException("There is no sample to find the weights' codes with; give at least one.");
            }
        }

        Dictionary<string, GramMatrix> grams = [];
        foreach (string name in inputs.Keys)
        {
            grams[name] = sums[name].Finish();
            sums.Remove(name); // its memory is free before the next one takes as much
        }

        return grams;
    }

    public void Dispose() => _run.Dispose();

    private void Add(GramSum sum, string name, OrtValue value, ModelSample sample, PaddedSample? padded)
    {
        long[] shape = value.GetTensorTypeAndShape().Shape;
        if (shape.Length == 0 || shape[^1] != sum.Inputs)
        {
            throw new OnnxModelException(
                _model.File.Path, $"the value '{name}' has the shape [{string.Join(", ", shape)}] on {sample.Name}, and weights with "
                + $"{sum.Inputs} inputs multiply it; export the model again.");
        }

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

        floats = padded is null ? floats : padded.RowsOf(name, floats, shape);
        if (!TensorPrimitives.IsFiniteAll(floats))
        {
            throw new InvalidDataException(
                $"{sample.Name}: the value '{name}' is NaN or infinite on this sample; leave the sample out, or the node that reads "
                + $"the value in float.");
        }

        sum.Add(floats);
    }
}
