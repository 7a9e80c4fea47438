using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Quantization.Onnx;

/// <summary>
/// One pass of samples through a model, on several threads. Each has statistics of its own, which are merged at the end: that is exact, so
/// the number of threads and the order in which they finish change nothing in the result.
/// </summary>
internal sealed class CalibrationRun
{
    private readonly Lock _gate = new();
    private readonly ActivationReader _reader;
    private readonly IEnumerator<ModelSample> _samples;
    private readonly int? _total;
    private readonly IProgress<QuantizationProgress>? _progress;
    private readonly CancellationToken _cancellationToken;
    private long _taken;
    private long _completed;
    private SampleDigest _samplesSeen;
    private (long Sample, ExceptionDispatchInfo Error)? _failure;

    private CalibrationRun(
        ActivationReader reader, IEnumerator<ModelSample> samples, int? total, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        _reader = reader;
        _samples = samples;
        _total = total;
        _progress = progress;
        _cancellationToken = cancellationToken;
    }

    public static ModelCalibration Run(
        FloatModel model, ISampleSource samples, CalibrationOptions options, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        if (options.Place is { } place && model.Observations is not null)
        {
            return SpreadCalibration.Run(place, model, samples, options, progress, cancellationToken);
        }

        using ActivationReader reader = new(model, options, samples.Count);
        return Run(reader, samples, progress, cancellationToken);
    }

    /// <summary>The same with a reader that is open already.</summary>
    public static ModelCalibration Run(
        ActivationReader reader, ISampleSource samples, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken)
    {
        using IEnumerator<ModelSample> enumerator = samples.GetEnumerator();
        CalibrationRun run = new(reader, enumerator, samples.Count, progress, cancellationToken);
        SortedDictionary<string, TensorStatistics> statistics = run.Observe();
        return run._completed > 0
            ? new ModelCalibration(reader.Model.File.Fingerprint, run._completed, statistics, CalibrationOrigin.Create(
                run._samplesSeen, reader.Options)) { Padding = reader.TakePadding() }
            : throw new ArgumentException("There is no sample to calibrate with; give at least one.", nameof(samples));
    }

    private SortedDictionary<string, TensorStatistics> Observe()
    {
        SortedDictionary<string, TensorStatistics>[] statistics = [.. Enumerable.Range(0, _reader.Threads).Select(_ => NewStatistics())];
        Parallel.ForEach(statistics, new ParallelOptions { MaxDegreeOfParallelism = _reader.Threads }, mine =>
        {
            while (ObserveNext(sample => _reader.Observe(sample, mine)))
            {
            }
        });

        _failure?.Error.Throw();
        _cancellationToken.ThrowIfCancellationRequested();
        foreach (SortedDictionary<string, TensorStatistics> others in statistics.Skip(1))
        {
            foreach ((string name, TensorStatistics seen) in others)
            {
                statistics[0][name].Merge(seen);
            }
        }

        return statistics[0];
    }

    private SortedDictionary<string, TensorStatistics> NewStatistics() =>
        new(_reader.Values.ToDictionary(value => value, _ => new TensorStatistics(_reader.Options.BinsPerSign)), StringComparer.Ordinal);

    /// <summary>Takes the next sample and observes it; false where there is none, or where no more are wanted.</summary>
    private bool ObserveNext(Func<ModelSample, SampleDigest> observe)
    {
        if (!TryTake(out ModelSample? sample, out long number))
        {
            return false;
        }

        SampleDigest digest;
        try
        {
            digest = observe(sample);
        }
        catch (Exception e)
        {
            Fail(number, e);
            return false;
        }

        lock (_gate)
        {
            _completed++;
            _samplesSeen += digest;
            _progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, _completed, _total));
        }

        return true;
    }

    private bool TryTake([NotNullWhen(true)] out ModelSample? sample, out long number)
    {
        lock (_gate)
        {
            sample = null;
            number = _taken;
            try
            {
                if (_failure is not null || _cancellationToken.IsCancellationRequested || !_samples.MoveNext())
                {
                    return false;
                }
            }
            catch (Exception e)
            {
                Fail(number, e);
                return false;
            }

            sample = _samples.Current;
            _taken++;
            return true;
        }
    }

    /// <summary>
    /// Keeps the error of the earliest sample: those before it were taken before it, so that the same samples always give the same error.
    /// </summary>
    private void Fail(long sample, Exception e)
    {
        lock (_gate)
        {
            if (_failure is null || sample < _failure.Value.Sample)
            {
                _failure = (sample, ExceptionDispatchInfo.Capture(e));
            }
        }
    }
}
