namespace Quantization.Onnx;

/// <summary>How long a run of the float model and of the quantized one takes, measured in turn in the same process. Immutable.</summary>
/// <param name="Float">The median time of one run of the float model.</param>
/// <param name="Quantized">The median time of one run of the quantized model.</param>
/// <param name="TimedRuns">How many runs each median is of.</param>
public sealed record LatencyComparison(TimeSpan Float, TimeSpan Quantized, int TimedRuns)
{
    /// <summary>A difference below a twentieth comes from the machine, not from the models.</summary>
    private const double NotableRatio = 1.05;

    /// <summary>On an idle machine the middle half of the times lies within a few percent.</summary>
    internal const double WideSpread = 0.25;

    /// <summary>Above it, others share caches, memory and the clock's reserve with the runs.</summary>
    internal const double HeavyLoad = 0.5;

    /// <summary>With fewer runs the spread is itself chance.</summary>
    private const int FewestRuns = 8;

    /// <summary><see cref="Quantized"/> as a multiple of <see cref="Float"/>: below 1 the quantized model is faster.</summary>
    public double Ratio => Quantized / Float;

    /// <summary>
    /// How far the times of single runs lie apart: the range of their middle half, as a share of the median, of the model whose times vary
    /// more. Null where it was not measured.
    /// </summary>
    public double? Spread { get; init; }

    /// <summary>The share of the machine's cores that other processes kept busy meanwhile, 0 … 1; null where it is not known.</summary>
    public double? OtherLoad { get; init; }

    /// <summary>Whether other work on the machine disturbed the times, so that they say little.</summary>
    public bool IsDisturbed => OtherLoad >= HeavyLoad || (Spread >= WideSpread && TimedRuns >= FewestRuns);

    /// <summary>Whether the quantized model takes at least a twentieth longer than the float one.</summary>
    public bool IsSlower => Quantized > Float * NotableRatio;
}
