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

    /// <summary>
    /// What the user should know: each candidate that is slower than the reference by a twentieth or more, or larger, and
    /// <see cref="UncountedLabels"/>; empty where there is nothing to say.
    /// </summary>
    public IReadOnlyList<Advice> Warnings =>
        ValueList<Advice>.Of([.. Candidates.SelectMany(Compare), .. UncountedLabels is null ? (Advice[])[] : [UncountedLabels]]);

    private IEnumerable<Advice> Compare(ModelScore candidate)
    {
        if (new LatencyComparison(Reference.MedianLatency, candidate.MedianLatency, candidate.TimedRuns).IsSlower)
        {
            yield return TrialsAdvice.Slower(candidate, Reference);
        }

        if (candidate.FileSize > Reference.FileSize)
        {
            yield return TrialsAdvice.Larger(candidate, Reference);
        }
    }
}
