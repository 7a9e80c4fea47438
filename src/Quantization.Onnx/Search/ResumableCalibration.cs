using System.Collections;

namespace Quantization.Onnx;

/// <summary>A calibration that is saved as it grows, and goes on where an earlier one stopped.</summary>
internal static class ResumableCalibration
{
    /// <summary>How many samples are lost at most when the process ends.</summary>
    private const int SamplesBetweenSaves = 128;

    /// <summary>Calibrates on the samples that the file at <paramref name="path"/> has not seen yet.</summary>
    /// <returns>The calibration, and how many samples of it were found in the file.</returns>
    public static (ModelCalibration Calibration, long Resumed) Run(
        FloatModel model, ISampleSource samples, CalibrationOptions options, string? path, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            return (CalibrationRun.Run(model, samples, options, progress, cancellationToken), 0);
        }

        ModelCalibration? calibration = Find(model, samples, path);
        long resumed = calibration?.SampleCount ?? 0;
        using ActivationReader reader = new(model, options, samples.Count);
        using IEnumerator<ModelSample> rest = samples.SkipWhile((_, i) => i < resumed).GetEnumerator();
        while (calibration?.SampleCount != samples.Count && rest.MoveNext())
        {
            long before = calibration?.SampleCount ?? 0;
            SynchronousProgress<QuantizationProgress> shifted = new(value =>
                progress?.Report(value with { Completed = before + value.Completed, Total = samples.Count }));
            ModelCalibration next = CalibrationRun.Run(reader, new NextSamples(rest), shifted, cancellationToken);
            if (calibration is null)
            {
                calibration = next;
            }
            else
            {
                calibration.Merge(next);
            }

            calibration.Save(path);
        }

        return calibration is null
            ? throw new ArgumentException("There is no sample to calibrate with; give at least one.", nameof(samples))
            : (calibration, resumed);
    }

    /// <summary>The calibration in the file, if it can be part of the wanted one.</summary>
    private static ModelCalibration? Find(FloatModel model, ISampleSource samples, string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        ModelCalibration found = ModelCalibration.Load(path);
        IEnumerable<string> wanted = Planner.Plan(new GraphIndex(model.Model.Graph), model.Runtime).Activations.Values.Distinct();
        bool fits = found.Model == model.File.Fingerprint
            && !(found.SampleCount > samples.Count)
            && wanted.Order(StringComparer.Ordinal).SequenceEqual(found.Activations.Keys, StringComparer.Ordinal);
        return fits ? found : null;
    }

    /// <summary>The next samples of an enumeration that stands at one.</summary>
    private sealed class NextSamples(IEnumerator<ModelSample> samples) : ISampleSource
    {
        public int? Count => null;

        public IEnumerator<ModelSample> GetEnumerator()
        {
            int taken = 0;
            do
            {
                yield return samples.Current;
            }
            while (++taken < SamplesBetweenSaves && samples.MoveNext());
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
