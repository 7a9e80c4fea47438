using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// What a search tries and how it ranks. Immutable. Every combination of the lists of activations is tried, then every one of the lists of
/// weights beside the best of those.
/// </summary>
public sealed record SearchOptions
{
    /// <summary>The calibrators of activations. The default: Max, Percentile at 99.9, 99.99 and 99.999, Entropy, MSE.</summary>
    public IReadOnlyList<ICalibrator> ActivationCalibrators
    {
        get;
        init => field = ValueList<ICalibrator>.Of(value, nameof(ActivationCalibrators));
    } = ValueList<ICalibrator>.Of(
    [
        new MaxCalibrator(),
        new PercentileCalibrator(99.9),
        new PercentileCalibrator(99.99),
        new PercentileCalibrator(99.999),
        new EntropyCalibrator(),
        new MseCalibrator(),
    ]);

    /// <summary>The schemes of activations. The default: affine and symmetric.</summary>
    public IReadOnlyList<QuantizationScheme> ActivationSchemes
    {
        get;
        init => field = ValueList<QuantizationScheme>.Of(value, nameof(ActivationSchemes));
    } = ValueList<QuantizationScheme>.Of([QuantizationScheme.Affine, QuantizationScheme.Symmetric]);

    /// <summary>The calibrators of weights. The default: Max and MSE.</summary>
    public IReadOnlyList<ICalibrator> WeightCalibrators
    {
        get;
        init => field = ValueList<ICalibrator>.Of(value, nameof(WeightCalibrators));
    } = ValueList<ICalibrator>.Of([new MaxCalibrator(), new MseCalibrator()]);

    /// <summary>The granularities of weights. The default: per channel and per tensor.</summary>
    public IReadOnlyList<GranularityKind> WeightGranularities
    {
        get;
        init => field = ValueList<GranularityKind>.Of(value, nameof(WeightGranularities));
    } = ValueList<GranularityKind>.Of([GranularityKind.PerChannel, GranularityKind.PerTensor]);

    /// <summary>
    /// What all trials share: formats, nodes to leave in float, session options. Its calibrators, scheme and granularity are the
    /// baseline's, which is tried besides.
    /// </summary>
    public PtqOptions Baseline { get; init; } = new();

    /// <summary>
    /// The metric to rank by; null, the default, for <see cref="ModelMetric.Top1"/> where every scoring sample has a label, else
    /// <see cref="ModelMetric.SignalToNoise"/>.
    /// </summary>
    public ModelMetric? Metric { get; init; }

    /// <summary>
    /// How many models may be tried for calibrators of single activations after the combinations; 12 by default, 0 for none. There each
    /// activation for which two calibrators disagree is given the other's range, the rest left as in the best combination, and keeps it
    /// where that measures better.
    /// </summary>
    public int PerTensorTrials { get; init; } = 12;

    /// <summary>How many samples run as one batch when scoring, if the model's batch axis is free; at least 1, the default.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>
    /// How many models are scored at the same time; the samples are then enumerated by several threads at once. The default is one per
    /// processor. The result does not depend on it.
    /// </summary>
    public int MaxParallelTrials { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Where the calibration is kept, so that an interrupted search goes on from it and a further one need not calibrate. A search goes on
    /// from a file that was made from the same model and samples, as the model is fed them, with the same versions and options. Where
    /// anything differs, a file that a search or a partial quantization kept is replaced, and <see cref="TrialsResult.RestartReason"/> says
    /// so; a calibration that <see cref="ModelCalibration.Save"/> wrote is used where it fits, and otherwise refused: it is never
    /// overwritten. Null, the default, to keep nothing.
    /// </summary>
    public string? CalibrationPath { get; init; }

    /// <summary>
    /// Where the scores of finished trials are kept, so that a search that was interrupted does not run them again; null, the default, to
    /// keep nothing. One file serves any number of searches: a trial is found there only for the same model file, samples,
    /// <see cref="BatchSize"/>, versions of ONNX Runtime and of this library, and metric, which is told by its name and
    /// <see cref="ModelMetric.Version"/>. A file that holds something else or is damaged is refused.
    /// </summary>
    public string? TrialsPath { get; init; }

    /// <summary>Refuses impossible options.</summary>
    internal void ThrowUnlessPossible()
    {
        ThrowIfEmpty(ActivationCalibrators, nameof(ActivationCalibrators));
        ThrowIfEmpty(ActivationSchemes, nameof(ActivationSchemes));
        ThrowIfEmpty(WeightCalibrators, nameof(WeightCalibrators));
        ThrowIfEmpty(WeightGranularities, nameof(WeightGranularities));
        ArgumentNullException.ThrowIfNull(Baseline);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(PerTensorTrials);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxParallelTrials, 1);
    }

    internal Func<SessionOptions>? SessionOptionsFactory => Baseline.SessionOptionsFactory;

    private static void ThrowIfEmpty<T>(IReadOnlyList<T> list, string name)
    {
        if (list is null or [])
        {
            throw new ArgumentException($"SearchOptions.{name} is empty, so there is nothing to try; name at least one.", name);
        }
    }
}
