namespace Quantization.Onnx;

/// <summary>Models measured side by side on the same samples. Immutable.</summary>
/// <param name="Reference">The model that the others are compared with, usually the float one.</param>
/// <param name="Candidates">The others, in the order given.</param>
/// <param name="Samples">The samples that every model ran; one that holds a batch counts once.</param>
/// <param name="LabelledSamples">
/// How many of them have a label. <see cref="ModelFigures.Top1"/> tells how many of these count for accuracy.
/// </param>
public sealed record EvaluationResult(ModelScore Reference, IReadOnlyList<ModelScore> Candidates, int Samples, int LabelledSamples)
{
    /// <summary>The others, in the order given.</summary>
    public IReadOnlyList<ModelScore> Candidates
    {
        get;
        init => field = ValueList<ModelScore>.Of(value, nameof(Candidates));
    } = ValueList<ModelScore>.Of(Candidates, nameof(Candidates));

    /// <summary>Why labelled samples do not count for accuracy; null where all count.</summary>
    public Advice? UncountedLabels { get; init; }

    /// <summary>The classes that the reference model answers and that labels name; null where no sample has one row of logits.</summary>
    public ClassCounts? Classes { get; init; }

    /// <summary>The share of the machine's cores that other processes kept busy meanwhile, 0 … 1; null where it is not known.</summary>
    public double? OtherLoad { get; init; }

    /// <summary>
    /// Warnings: each candidate that is slower than the reference by a twentieth or more, or larger, latencies that a busy
    /// machine disturbed, and <see cref="UncountedLabels"/>; empty where there is nothing to say.
    /// </summary>
    public IReadOnlyList<Advice> Warnings => ValueList<Advice>.Of(
    [
        .. Candidates.SelectMany(Compare),
        .. Candidates.Select(LatencyOf).FirstOrDefault(latency => latency.IsDisturbed) is { } disturbed
            ? (Advice[])[SpeedAdvice.Busy(disturbed)]
            : [],
        .. UncountedLabels is null ? (Advice[])[] : [UncountedLabels],
    ]);

    /// <summary>The latency of one of <see cref="Candidates"/> beside the reference's.</summary>
    /// <param name="candidate">The candidate.</param>
    public LatencyComparison LatencyOf(ModelScore candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        return new LatencyComparison(Reference.MedianLatency, candidate.MedianLatency, candidate.TimedRuns)
        {
            Spread = Reference.LatencySpread is { } one && candidate.LatencySpread is { } other ? Math.Max(one, other) : null,
            OtherLoad = OtherLoad,
        };
    }

    private IEnumerable<Advice> Compare(ModelScore candidate)
    {
        if (LatencyOf(candidate).IsSlower)
        {
            yield return TrialsAdvice.Slower(candidate, Reference);
        }

        if (candidate.FileSize > Reference.FileSize)
        {
            yield return TrialsAdvice.Larger(candidate, Reference);
        }
    }
}
