namespace Quantization.Onnx;

/// <summary>
/// Calibrates on samples that come asynchronously: some are awaited, then run on all threads, and the states merged, which is exact. So no
/// thread waits for a sample, and the result is that of a run over all of them.
/// </summary>
internal static class AsyncCalibration
{
    /// <summary>How many samples are awaited for each thread before they run.</summary>
    private const int SamplesPerThread = 8;

    /// <summary>Observes a model. Where nothing of it is to be observed, the samples are shown to <paramref name="see"/> alone.</summary>
    /// <param name="model">The model.</param>
    /// <param name="samples">The samples; they are enumerated once.</param>
    /// <param name="options">The options.</param>
    /// <param name="see">Reports each sample before it runs.</param>
    /// <param name="progress">Reports after each sample.</param>
    /// <param name="cancellationToken">Stops between samples.</param>
    /// <exception cref="ArgumentException">There is no sample.</exception>
    public static async Task<ModelCalibration> Run(
        FloatModel model,
        IAsyncEnumerable<ModelSample> samples,
        CalibrationOptions options,
        Action<ModelSample>? see,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        using ActivationReader? reader = await LongWork.Run(
            () => model.Observations is null ? null : new ActivationReader(model, options, null), cancellationToken).ConfigureAwait(false);
        ModelCalibration? calibration = null;
        List<ModelSample> waiting = [];
        await foreach (ModelSample sample in samples.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            waiting.Add(sample);
            if ((calibration?.SampleCount ?? 0) + waiting.Count == options.MaxSamples)
            {
                break;
            }

            if (waiting.Count == SamplesPerThread * (reader?.Threads ?? 1))
            {
                await Observe().ConfigureAwait(false);
            }
        }

        if (waiting.Count > 0)
        {
            await Observe().ConfigureAwait(false);
        }

        return calibration ?? throw new ArgumentException("There is no sample to calibrate with; give at least one.", nameof(samples));

        async Task Observe()
        {
            long before = calibration?.SampleCount ?? 0;
            SynchronousProgress<QuantizationProgress> shifted =
                new(value => progress?.Report(value with { Completed = before + value.Completed, Total = null }));
            ISampleSource batch = SampleSource.FromEnumerable([.. waiting]);
            ModelCalibration next = await LongWork.Run(() => Run(batch, shifted), cancellationToken).ConfigureAwait(false);
            calibration?.Merge(next);
            calibration ??= next;
            waiting.Clear();
        }

        ModelCalibration Run(ISampleSource batch, IProgress<QuantizationProgress> shifted)
        {
            foreach (ModelSample sample in batch)
            {
                see?.Invoke(sample);
            }

            return reader is null ? new ModelCalibration(model.File.Fingerprint, waiting.Count, [])
                : CalibrationRun.Run(reader, batch, shifted, cancellationToken);
        }
    }
}
