using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Makes the models of an automatic choice: the samples calibrate once, then all ways go on at the same time.</summary>
/// <param name="model">The float model.</param>
/// <param name="options">What to try.</param>
/// <param name="reporter">Reports the stages.</param>
/// <param name="cancellationToken">Stops the work.</param>
internal sealed class AutoMaker(OnnxModel model, AutoOptions options, StageReporter reporter, CancellationToken cancellationToken)
{
    private int _done;

    /// <summary>What calibrated; null where static int8 was not tried.</summary>
    public ResumedCalibration? Calibration { get; private set; }

    /// <summary>Quantizes in all ways.</summary>
    /// <param name="folder">Where the models go.</param>
    /// <param name="kept">The samples to improve plans and to round weights by; empty for none.</param>
    /// <param name="calibrationSamples">The samples to calibrate on; null for none.</param>
    /// <exception cref="OnnxModelException">No way can be carried out.</exception>
    public IReadOnlyList<AutoTrial> Make(OwnedFolder folder, IReadOnlyList<ModelSample> kept, ISampleSource? calibrationSamples)
    {
        AutoTrial[] trials =
        [
            .. options.Ways.Distinct().Where(way => calibrationSamples is not null || way != QuantizationWay.StaticInt8)
                .Select(way => new AutoTrial(way, folder[string.Create(CultureInfo.InvariantCulture, $"{way}.onnx")])),
        ];
        using ManualResetEventSlim calibrated = new();
        bool hasEnded = false;
        AutoModels models = new(model, options.Static, kept, Calibrate, cancellationToken);
        MakeAll();
        return trials.All(trial => trial.Failure is not null)
            ? throw new OnnxModelException(model.Name, $"no way of quantizing can be carried out: {trials[0].Failure}")
            : trials;

        void MakeAll()
        {
            AutoTrial? first = trials.FirstOrDefault(trial => trial.Way == QuantizationWay.StaticInt8);
            if (first is null)
            {
                Begin();
            }

            // One by one and static int8 first, since the others wait until it has calibrated.
            IEnumerable<AutoTrial> inOrder = trials.Where(trial => trial == first).Concat(trials.Where(trial => trial != first));
            SideBySide.ForEach(inOrder, options.MaxParallelTrials, Make, cancellationToken);
        }

        void Make(AutoTrial trial)
        {
            try
            {
                if (trial.Way != QuantizationWay.StaticInt8)
                {
                    calibrated.Wait(cancellationToken);
                }

                if (!hasEnded)
                {
                    trial.Try(() => trial.Model = models.Write(trial.Way, trial.Path));
                }
            }
            catch
            {
                hasEnded = true; // those that wait need not begin
                throw;
            }
            finally
            {
                Begin();
            }

            lock (trials)
            {
                reporter.Set(++_done, trials.Length);
            }
        }

        ModelCalibration Calibrate(FloatModel prepared)
        {
            ISampleSource samples = options.Static.Calibration.Limit(calibrationSamples!);
            reporter.Begin(QuantizationStage.Calibrating, samples.Count);
            SynchronousProgress<QuantizationProgress> done = new(value => reporter.Set(value.Completed, value.Total));
            CalibrationOptions calibrating = options.Static.Calibration with
            {
                SessionOptionsFactory = options.SessionOptionsFactory,
                Runtime = options.Static.Runtime,
                Place = options.Static.Place
            };
            Calibration = ResumableCalibration.Run(prepared, samples, calibrating, options.CalibrationPath, done, cancellationToken);
            Begin();
            return Calibration.Calibration;
        }

        // Lets the ways that wait go on. When it is called again, it does nothing.
        void Begin()
        {
            lock (trials)
            {
                if (!calibrated.IsSet)
                {
                    reporter.Begin(QuantizationStage.QuantizingInWays, trials.Length);
                    calibrated.Set();
                }
            }
        }
    }
}
