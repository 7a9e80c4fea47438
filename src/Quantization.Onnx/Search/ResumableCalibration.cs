using System.Collections;
using System.Globalization;

namespace Quantization.Onnx;

/// <summary>
/// A calibration that is kept in a file as it grows, and goes on where an earlier run stopped. It goes on only from what was made of the
/// same model, samples, versions and options; the samples are compared by what the model is fed, so other images, another order of channels
/// or another scale start again.
/// </summary>
internal sealed class ResumableCalibration
{
    /// <summary>How many samples are lost at most when the process ends.</summary>
    private const int SamplesBetweenSaves = 128;

    private readonly FloatModel _model;
    private readonly ISampleSource _samples;
    private readonly CalibrationOptions _options;
    private readonly IProgress<QuantizationProgress>? _progress;
    private readonly CancellationToken _cancellationToken;
    private string? _restartReason;

    private ResumableCalibration(
        FloatModel model, ISampleSource samples, CalibrationOptions options, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        _model = model;
        _samples = samples;
        _options = options;
        _progress = progress;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Calibrates on the samples that the file at <paramref name="path"/> has not seen yet.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is no calibration, or holds one that no run keeps for itself and that was made of something else.
    /// </exception>
    public static ResumedCalibration Run(
        FloatModel model, ISampleSource samples, CalibrationOptions options, string? path, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        if (model.Observations is null && model.Bodies.Any(body => body.Model is not null))
        {
            return new ResumedCalibration(new ModelCalibration(model.File.Fingerprint, samples.LongCount(), []), 0, null); // bodies alone
        }

        if (path is null)
        {
            return new ResumedCalibration(CalibrationRun.Run(model, samples, options, progress, cancellationToken), 0, null);
        }

        using KeptFileLock fileLock = KeptFileLock.Take(path);
        return new ResumableCalibration(model, samples, options, progress, cancellationToken).Run(path);
    }

    private ResumedCalibration Run(string path)
    {
        using ActivationReader reader = new(_model, _options, _samples.Count);
        ModelCalibration? calibration = Find(reader, path);
        long resumed = calibration?.SampleCount ?? 0;
        using IEnumerator<ModelSample> rest = _samples.SkipWhile((_, i) => i < resumed).GetEnumerator();
        while (calibration?.SampleCount != _samples.Count && rest.MoveNext())
        {
            long before = calibration?.SampleCount ?? 0;
            SynchronousProgress<QuantizationProgress> shifted =
                new(value => _progress?.Report(value with { Completed = before + value.Completed, Total = _samples.Count }));
            ModelCalibration next = _options.Place is null
                ? CalibrationRun.Run(reader, new NextSamples(rest, SamplesBetweenSaves), shifted, _cancellationToken)
                : CalibrationRun.Run(_model, new NextSamples(rest, int.MaxValue), _options, shifted, _cancellationToken);
            calibration?.Merge(next);
            calibration ??= next;
            calibration.Keep(path);
        }

        return calibration is null
            ? throw new ArgumentException("There is no sample to calibrate with; give at least one.")
            : new ResumedCalibration(calibration, resumed, _restartReason);
    }

    /// <summary>The calibration in the file, if the wanted one can go on from it.</summary>
    private ModelCalibration? Find(ActivationReader reader, string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        ModelCalibration found = ModelCalibration.Load(path);
        if (Compare(found, reader) is not { } difference)
        {
            return found;
        }

        if (!found.IsKeptByRun)
        {
            throw new InvalidDataException($"{path}: this calibration {difference}, and it would be overwritten; name another file, or "
                + "delete this one if it is not needed.");
        }

        _restartReason = $"The calibration that an earlier run kept in {path} {difference}, so all samples were calibrated again.";
        return null;
    }

    /// <summary>
    /// What keeps the wanted calibration from going on from another, in words that follow 'the calibration'; null where nothing does.
    /// </summary>
    private string? Compare(ModelCalibration found, ActivationReader reader)
    {
        bool observesTheSame = reader.Values.Order(StringComparer.Ordinal).SequenceEqual(found.Activations.Keys, StringComparer.Ordinal)
            && found.Activations.Values.All(statistics => statistics.BinsPerSign == _options.BinsPerSign);
        string settings = CalibrationOrigin.Describe(_options);
        return found.Model != _model.File.Fingerprint ? "was made from another model"
            : found.Origin is null ? "was written by an earlier version, which did not note its samples"
            : !found.Origin.Settings.SequenceEqual([settings])
                ? $"was made with {string.Join(" and ", found.Origin.Settings)}, not with {settings}"
            : !observesTheSame ? "was made for another runtime or with other options"
            : found.SampleCount > _samples.Count || (!found.IsKeptByRun && found.SampleCount != _samples.Count)
                ? string.Create(CultureInfo.InvariantCulture, $"saw {found.SampleCount} samples, not {_samples.Count}")
            : DigestFirst(reader, found.SampleCount) != found.Origin.Samples
                ? "was made from other samples, or from samples that were read in another way"
            : null;
    }

    /// <summary>The digest of the first samples, which are read but not run.</summary>
    private SampleDigest DigestFirst(ActivationReader reader, long count)
    {
        SampleDigest digest = default;
        long read = 0;
        foreach (ModelSample sample in _samples)
        {
            if (read == count)
            {
                break;
            }

            _cancellationToken.ThrowIfCancellationRequested();
            digest += reader.Digest(sample);
            _progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, ++read, _samples.Count));
        }

        return digest;
    }

    /// <summary>The next samples of an enumeration that stands at one.</summary>
    private sealed class NextSamples(IEnumerator<ModelSample> samples, int most) : ISampleSource
    {
        public int? Count => null;

        public IEnumerator<ModelSample> GetEnumerator()
        {
            int taken = 0;
            do
            {
                yield return samples.Current;
            }
            while (++taken < most && samples.MoveNext());
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
