using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>What one run of a model shows, on its way into statistics. The operators of the run find it by its address.</summary>
internal sealed unsafe class Observation : IDisposable
{
    private readonly FloatModel _model;
    private readonly ModelSample _sample;
    private readonly IReadOnlyList<string> _values;
    private readonly IReadOnlyDictionary<string, TensorStatistics> _statistics;
    private readonly NonFiniteValues _nonFinite;
    private GCHandle _handle;
    private ExceptionDispatchInfo? _failure;

    /// <param name="model">The float model.</param>
    /// <param name="sample">The sample that is run.</param>
    /// <param name="values">The values that operators show, by position.</param>
    /// <param name="statistics">The statistics of each value.</param>
    /// <param name="nonFinite">What to do with NaN and infinity.</param>
    public Observation(FloatModel model, ModelSample sample, IReadOnlyList<string> values, IReadOnlyDictionary<string, TensorStatistics> statistics, NonFiniteValues nonFinite)
    {
        _model = model;
        _sample = sample;
        _values = values;
        _statistics = statistics;
        _nonFinite = nonFinite;
        _handle = GCHandle.Alloc(this);
    }

    /// <summary>What <see cref="At"/> finds this by, until it is disposed of.</summary>
    public long Address => GCHandle.ToIntPtr(_handle);

    public static Observation At(long address) => (Observation)GCHandle.FromIntPtr((nint)address).Target!;

    public void Dispose() => _handle.Free();

    /// <summary>Observes the value that an operator reads.</summary>
    public void See(int position, int elementType, nint data, nint length)
    {
        if (elementType != (int)TensorElementType.Float)
        {
            throw new OnnxModelException(_model.File.Path, $"activation '{_values[position]}' is not of 32-bit floats.");
        }

        See(_values[position], new ReadOnlySpan<float>((void*)data, checked((int)length)));
    }

    /// <summary>Observes a value.</summary>
    /// <exception cref="InvalidDataException">It holds NaN or infinity, and they are not ignored.</exception>
    public void See(string name, ReadOnlySpan<float> values)
    {
        try
        {
            _statistics[name].Observe(values, _nonFinite);
        }
        catch (NonFiniteValueException e)
        {
            Advice advice = CalibrationAdvice.NonFiniteActivation(_sample.Name, name, _model.File.Path, e.Value, e.Index);
            throw advice.On(new InvalidDataException(advice.Message, e));
        }
    }

    /// <summary>Keeps the first error.</summary>
    public void Fail(Exception e) => Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);

    /// <summary>Throws the first error, if there was any.</summary>
    public void ThrowIfFailed() => _failure?.Throw();
}
