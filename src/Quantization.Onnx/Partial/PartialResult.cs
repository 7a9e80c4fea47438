namespace Quantization.Onnx;

/// <summary>
/// What partial quantization reached. The model that was written is the one that meets the target with the fewest layers in float that were
/// found, or the best that was reached; the reason says with how many layers, or why the target was not met. Immutable.
/// </summary>
public sealed record PartialResult : TrialsResult
{
    /// <summary>Whether the target was met, within the limits where there are some.</summary>
    public required bool IsTargetMet { get; init; }

    /// <summary>What of the target and the limits the model misses; empty where the target was met.</summary>
    public IReadOnlyList<PartialBudget> MissedBudgets
    {
        get;
        init => field = ValueList<PartialBudget>.Of(value, nameof(MissedBudgets));
    } = ValueList<PartialBudget>.Empty;

    /// <summary>
    /// Which of the target and <see cref="PartialOptions.Limits"/> could not be met together, and what the nearest model has; null where
    /// all were, or where there were no limits.
    /// </summary>
    public string? LimitReason { get; init; }

    /// <summary>
    /// Whether <see cref="PartialOptions.MaxTrials"/> ended the search early, so that layers may be in float that need not be. The target
    /// may still be met.
    /// </summary>
    public required bool IsLimitReached { get; init; }

    /// <summary>What was to be reached.</summary>
    public required PartialTarget Target { get; init; }

    /// <summary>The figure that the metric had to reach; null for a latency.</summary>
    public required double? Threshold { get; init; }

    /// <summary>The model with all layers quantized as <see cref="PartialOptions.Baseline"/> says: where the way began.</summary>
    public required PartialPoint Quantized { get; init; }

    /// <summary>The model that was written.</summary>
    public required PartialPoint Written { get; init; }

    /// <summary>
    /// What was done for single layers, in the order in which they run: those left in float, and those that took a step short of it.
    /// </summary>
    public required IReadOnlyList<LayerChange> Changes
    {
        get;
        init => field = ValueList<LayerChange>.Of(value, nameof(Changes));
    }

    /// <summary>
    /// The activations that were left in float, by name. The layers that read or make them compute in float with int8 weights.
    /// </summary>
    public required IReadOnlyList<ActivationChange> ActivationChanges
    {
        get;
        init => field = ValueList<ActivationChange>.Of(value, nameof(ActivationChanges));
    }

    /// <summary>
    /// The models to choose from: of those that were scored on all samples, each that no other one beats or equals both by the metric and
    /// by the share of int8 compute; then the float model. From the most int8 to the least.
    /// </summary>
    public required IReadOnlyList<PartialPoint> Curve
    {
        get;
        init => field = ValueList<PartialPoint>.Of(value, nameof(Curve));
    }

    /// <summary>How sensitive the layers are, measured on the ranking samples.</summary>
    public required SensitivityResult Sensitivity { get; init; }

    /// <summary>The models that were run.</summary>
    public required int ModelsRun { get; init; }

    /// <summary>The models whose scores were found in <see cref="PartialOptions.TrialsPath"/> instead.</summary>
    public required int ModelsResumed { get; init; }

    /// <summary>How many of the scoring samples ranked the layers.</summary>
    public required int RankingSamples { get; init; }
}
