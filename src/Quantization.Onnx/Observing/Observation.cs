using System.Buffers;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>What one run of a model shows, on its way into statistics.</summary>
internal sealed unsafe class Observation : ObservedRun
{
    private readonly FloatModel _model;
    private readonly ModelSample _sample;
    private readonly IReadOnlyList<string> _values;
    private readonly IReadOnlyDictionary<string, TensorStatistics> _statistics;
    private readonly NonFiniteValues _nonFinite;
    private readonly PaddedSample? _padding;

    /// <param name="model">The float model.</param>
    /// <param name="sample">The sample that is run.</param>
    /// <param name="values">The values that operators show, by position.</param>
    /// <param name="statistics">The statistics of each value.</param>
    /// <param name="nonFinite">What to do with NaN and infinity.</param>
    /// <param name="padding">What is padding in the sample; null where nothing is.</param>
    public Observation(
        FloatModel model, ModelSample sample, IReadOnlyList<string> values, IReadOnlyDictionary<string, TensorStatistics> statistics,
        NonFiniteValues nonFinite, PaddedSample? padding)
    {
        _model = model;
        _sample = sample;
        _values = values;
        _statistics = statistics;
        _nonFinite = nonFinite;
        _padding = padding;
    }

    /// <inheritdoc />
    public override void See(int position, RuntimeTensor tensor)
    {
        if (tensor.ElementType != (int)TensorElementType.Float)
        {
            throw new OnnxModelException(_model.File.Path, $"activation '{_values[position]}' is not of 32-bit floats.");
        }

        See(_values[position], new ReadOnlySpan<float>((void*)tensor.Data, tensor.Length), tensor.Shape);
    }

    /// <summary>Observes a value. Padding is left out.</summary>
    /// <exception cref="InvalidDataException">It holds NaN or infinity, and they are not ignored.</exception>
    public void See(string name, ReadOnlySpan<float> values, long[] shape)
    {
        if (_padding?.FindRuns(name, shape) is not { } runs)
        {
            Observe(name, values, index => index);
            return;
        }

        float[] kept = ArrayPool<float>.Shared.Rent(values.Length);
        try
        {
            Observe(name, kept.AsSpan(0, PaddedSample.Copy(values, runs, kept)), index => IndexOf(runs, index));
        }
        finally
        {
            ArrayPool<float>.Shared.Return(kept);
        }
    }

    private void Observe(string name, ReadOnlySpan<float> values, Func<long, long> indexOf)
    {
        try
        {
            _statistics[name].Observe(values, _nonFinite);
        }
        catch (NonFiniteValueException e)
        {
            Advice advice = CalibrationAdvice.NonFiniteActivation(_sample.Name, name, _model.File.Path, e.Value, indexOf(e.Index));
            throw advice.On(new InvalidDataException(advice.Message, e));
        }
    }

    /// <summary>Where an element of the copied runs lies in the value.</summary>
    private static long IndexOf(IEnumerable<(int Start, int Length)> runs, long index)
    {
        foreach ((int start, int length) in runs)
        {
            if (index < length)
            {
                return start + index;
            }

            index -= length;
        }

        return index;
    }
}
