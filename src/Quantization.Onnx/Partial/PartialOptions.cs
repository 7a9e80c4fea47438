namespace Quantization.Onnx;

/// <summary>The options of partial quantization. Immutable.</summary>
public sealed record PartialOptions
{
    /// <summary>What to reach.</summary>
    public required PartialTarget Target { get; init; }

    /// <summary>
    /// What the model may take beside reaching the target; null, the default, for anything. With a latency as the target, its limits of
    /// size alone count.
    /// </summary>
    public PartialLimits? Limits { get; init; }

    /// <summary>How layers are quantized to begin with. Its <see cref="PtqOptions.FloatNodes"/> stay in float throughout.</summary>
    public PtqOptions Baseline { get; init; } = new();

    /// <summary>
    /// What is to be preserved; null, the default, for <see cref="ModelMetric.Top1"/> where every scoring sample has a label, else
    /// <see cref="ModelMetric.SignalToNoise"/>.
    /// </summary>
    public ModelMetric? Metric { get; init; }

    /// <summary>
    /// What to try for a layer before it is left in float, in this order. The default: weights per channel, weights by MSE, activations by
    /// Percentile at 99.99, activations by MSE, then activations in float, and int8 weights alone in the place of layers in float. Empty
    /// for none.
    /// </summary>
    public IReadOnlyList<LayerStep> Steps
    {
        get;
        init => field = ValueList<LayerStep>.Of(value, nameof(Steps));
    } = ValueList<LayerStep>.Of(
    [
        LayerStep.PerChannelWeights,
        LayerStep.WeightsBy(new MseCalibrator()),
        LayerStep.ActivationsBy(new PercentileCalibrator()),
        LayerStep.ActivationsBy(new MseCalibrator()),
        LayerStep.FloatActivations,
        LayerStep.WeightOnly,
    ]);

    /// <summary>The measure that ranks the layers; <see cref="SensitivityMeasure.OnlyThisLayer"/> by default.</summary>
    public SensitivityMeasure Measure { get; init; } = SensitivityMeasure.OnlyThisLayer;

    /// <summary>Further measures to compare in <see cref="PartialResult.Sensitivity"/>; they decide nothing. The default is none.</summary>
    public IReadOnlyList<SensitivityMeasure> ComparedMeasures
    {
        get;
        init => field = ValueList<SensitivityMeasure>.Of(value, nameof(ComparedMeasures));
    } = ValueList<SensitivityMeasure>.Empty;

    /// <summary>
    /// The figure of the measure that ranks the layers; <see cref="SensitivityCriterion.SignalToNoise"/> by default, which tells layers
    /// apart where a metric of few steps does not. For <see cref="SensitivityMeasure.EstimatedNoise"/> it is ignored.
    /// </summary>
    public SensitivityCriterion Criterion { get; init; } = SensitivityCriterion.SignalToNoise;

    /// <summary>
    /// How many of the scoring samples, evenly spread, rank the layers and tell candidates apart; the target is judged on all. At least 1;
    /// 16 by default.
    /// </summary>
    public int RankingSamples { get; init; } = 16;

    /// <summary>How many layers may be left in float at most; null, the default, for any number.</summary>
    public int? MaxFloatLayers { get; init; }

    /// <summary>
    /// How many models may be tried while layers are switched off and on again, or while a latency is spent; at least 0. Null, the default,
    /// for twelve a layer: enough for the longest way there, and as many for the way back. What an earlier run left in
    /// <see cref="TrialsPath"/> counts as tried, so that the result is the same. Where the trials are used up the target is still reached,
    /// along the ranking, if it can be (some 2 · log₂ of the layers more); but layers may stay in float that need not:
    /// <see cref="PartialResult.IsLimitReached"/>. On top come the models that rank layers and find steps (one per layer for each measure,
    /// one per layer for each step and one more), the reasons (one per layer changed) and the curve.
    /// </summary>
    public int? MaxTrials { get; init; }

    /// <summary>How many samples run as one batch when scoring, if the model's batch axis is free; at least 1, the default.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>
    /// How many models are scored at the same time; the samples are then enumerated by several threads at once. The default is one per
    /// processor. The result does not depend on it, except for latencies.
    /// </summary>
    public int MaxParallelTrials { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Where the calibration is kept, as <see cref="SearchOptions.CalibrationPath"/> says; null, the default, to keep nothing.
    /// </summary>
    public string? CalibrationPath { get; init; }

    /// <summary>
    /// Where the scores of finished trials are kept, as <see cref="SearchOptions.TrialsPath"/> says, so that a run that was interrupted
    /// goes on from them; null, the default, to keep nothing.
    /// </summary>
    public string? TrialsPath { get; init; }

    /// <summary>Refuses impossible options.</summary>
    internal void ThrowUnlessPossible()
    {
        ArgumentNullException.ThrowIfNull(Target);
        ArgumentNullException.ThrowIfNull(Baseline);
        ArgumentNullException.ThrowIfNull(Steps);
        ArgumentNullException.ThrowIfNull(ComparedMeasures);
        if (!ComparedMeasures.Append(Measure).All(Enum.IsDefined))
        {
            throw new ArgumentException(
                $"PartialOptions names a measure that is no SensitivityMeasure: {string.Join(", ", ComparedMeasures.Append(Measure))}.",
                nameof(ComparedMeasures));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(RankingSamples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxParallelTrials, 1);
        if (MaxFloatLayers is { } most)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(most, nameof(MaxFloatLayers));
        }

        if (MaxTrials is { } trials)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(trials, nameof(MaxTrials));
        }

        if (Criterion == SensitivityCriterion.NoiseToSignal && Measure != SensitivityMeasure.EstimatedNoise)
        {
            throw new ArgumentException("PartialOptions.Criterion is NoiseToSignal, which only SensitivityMeasure.EstimatedNoise has; for "
                + $"{Measure} take another, such as SignalToNoise.", nameof(Criterion));
        }
    }
}
