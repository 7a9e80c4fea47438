namespace Quantization.Onnx;

/// <summary>A model that <see cref="AutoQuantizer"/> tried. Immutable.</summary>
public sealed record AutoCandidate
{
    /// <summary>How it was quantized.</summary>
    public required QuantizationWay Way { get; init; }

    /// <summary>Why it was picked or not.</summary>
    public required AutoVerdict Verdict { get; init; }

    /// <summary>The same in words, with the figures that decided.</summary>
    public required Advice Reason { get; init; }

    /// <summary>What it scores; null where it was not scored.</summary>
    public TrialScore? Score { get; init; }

    /// <summary>
    /// How much worse its metric is than the float model's, negative where it is better by chance; null where it was not scored, or where
    /// the float model's figure is infinite.
    /// </summary>
    public double? Loss { get; init; }

    /// <summary>Its latency, and the float model's; null where it was not measured.</summary>
    public LatencyComparison? Latency { get; init; }

    /// <summary>The bytes of its file; null where there is none.</summary>
    public long? Bytes { get; init; }

    /// <summary>
    /// Whether no other model, the float model included, is at least as good in metric, time and size: whether it is on the Pareto
    /// front.
    /// </summary>
    public bool IsOnFront { get; init; }

    /// <summary>The result of quantizing it; null where it was not made.</summary>
    public PtqResult? Model { get; init; }
}
