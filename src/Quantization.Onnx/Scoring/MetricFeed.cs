using System.Collections;
using System.Runtime.ExceptionServices;

namespace Quantization.Onnx;

/// <summary>
/// Gives a custom metric the outputs of one sample after another. The metric pulls them from a sequence while models push
/// them, so it runs on a thread of its own; the two threads take turns and never run at the same time. Thus any number of metrics of any
/// number of models share one pass over the samples, and outputs live only as long as a metric looks at them.
/// </summary>
internal sealed class MetricFeed : IEnumerable<SampleOutputs>, IDisposable
{
    private readonly Func<IEnumerable<SampleOutputs>, double> _measure;
    private readonly SemaphoreSlim _metricsTurn = new(0);
    private readonly SemaphoreSlim _modelsTurn = new(0);
    private Thread? _thread;
    private SampleOutputs? _sample;
    private ExceptionDispatchInfo? _error;
    private double _value;
    private bool _isTaken;
    private bool _isEnd;
    private bool _isStopped;
    private bool _isDone;

    /// <param name="measure">The metric.</param>
    public MetricFeed(Func<IEnumerable<SampleOutputs>, double> measure) => _measure = measure;

    /// <summary>
    /// Hands over a sample's outputs, and returns when the metric no longer looks at them. What the metric throws is thrown here.
    /// </summary>
    public void Give(SampleOutputs sample)
    {
        Start();
        if (!_isDone)
        {
            _sample = sample;
            LetMetricRun();
            _sample = null;
        }

        _error?.Throw();
    }

    /// <summary>Tells the metric that there is no further sample.</summary>
    /// <returns>Its figure.</returns>
    public double Finish()
    {
        Start();
        if (!_isDone)
        {
            _isEnd = true;
            LetMetricRun();
        }

        _error?.Throw();
        return _value;
    }

    /// <summary>What the metric goes through, once.</summary>
    /// <exception cref="InvalidOperationException">The metric asks a second time.</exception>
    public IEnumerator<SampleOutputs> GetEnumerator()
    {
        if (_isTaken)
        {
            throw new InvalidOperationException(
                "The outputs can be enumerated only once, because the model runs meanwhile; keep what you need of them.");
        }

        _isTaken = true;
        return Enumerate();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Ends the metric where it is still at work: its sequence throws.</summary>
    public void Dispose()
    {
        if (_thread is not null && !_isDone)
        {
            _isStopped = true;
            LetMetricRun();
        }

        _thread?.Join();
        _metricsTurn.Dispose();
        _modelsTurn.Dispose();
    }

    private void Start()
    {
        if (_thread is null)
        {
            _thread = new Thread(Measure) { IsBackground = true, Name = "metric" };
            _thread.Start();
            _modelsTurn.Wait(); // until the metric asks for its first sample, or returns without
        }
    }

    private void LetMetricRun()
    {
        _metricsTurn.Release();
        _modelsTurn.Wait();
    }

    private void Measure()
    {
        try
        {
            _value = _measure(this);
        }
        catch (Exception e)
        {
            _error = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            _isDone = true;
            _modelsTurn.Release();
        }
    }

    private IEnumerator<SampleOutputs> Enumerate()
    {
        while (!_isEnd)
        {
            if (!_isStopped)
            {
                _modelsTurn.Release();
                _metricsTurn.Wait();
            }

            if (_isStopped)
            {
                throw new OperationCanceledException("The run was abandoned.");
            }

            if (!_isEnd)
            {
                yield return _sample!;
            }
        }
    }
}
