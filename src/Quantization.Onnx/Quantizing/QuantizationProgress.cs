namespace Quantization.Onnx;

/// <summary>How far a long call has come. Immutable.</summary>
/// <param name="Stage">What it is doing.</param>
/// <param name="Completed">The steps done: samples while samples run, models while models are tried.</param>
/// <param name="Total">
/// The steps in all, at most where <see cref="QuantizationStage.Excluding"/> or <see cref="QuantizationStage.Requantizing"/>; null where
/// that is not known, or where the stage has no steps.
/// </param>
public sealed record QuantizationProgress(QuantizationStage Stage, long Completed, long? Total)
{
    /// <summary>
    /// About how long the stage will still take, by what it took so far; null where nothing is known yet. While layers are excluded, that
    /// and the way back together; both at most.
    /// </summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>The best trial of a search so far; null before the first.</summary>
    public SearchTrial? Best { get; init; }

    /// <summary>How many layers a partial quantization has in float so far; null elsewhere.</summary>
    public int? FloatLayers { get; init; }

    /// <summary>What the model scores with these; null before the first score.</summary>
    public double? Score { get; init; }

    /// <summary>The measure of sensitivity that is taken; null elsewhere.</summary>
    public SensitivityMeasure? Measure { get; init; }
}
