namespace Quantization.Onnx;

/// <summary>
/// Picks the best of several trials, as far as the scoring samples can tell. A figure above the float model's is luck: among many trials
/// some hit more of the samples than the model that they approximate. So trials that reach the float model count as equal. Those that a
/// paired test cannot tell from the one with the best figure stay; of these, those that another test cannot tell from the one nearest to
/// the float model; of these, the simplest: the one that was planned first.
/// </summary>
/// <param name="metric">The metric that ranks.</param>
/// <param name="floatScore">What the float model scores.</param>
internal sealed class TrialSelector(ModelMetric metric, TrialScore floatScore)
{
    /// <summary>Whether the metric itself says how near the outputs are to the float model's.</summary>
    private readonly bool _isNearness = metric.Kind is MetricKind.SignalToNoise or MetricKind.Cosine;

    /// <summary>The best trial; the simplest first.</summary>
    public SearchTrial Best(IReadOnlyList<SearchTrial> trials)
    {
        SearchTrial top = trials.Aggregate((best, next) => Compare(next.Score, best.Score) > 0 ? next : best);
        SearchTrial[] even = [.. trials.Where(trial => !IsBelow(trial.Score, top.Score))];
        SearchTrial nearest = even.Aggregate((best, next) => IsNearer(next.Score, best.Score) ? next : best);
        return even.First(trial => !IsSurelyNearer(nearest.Score, trial.Score));
    }

    /// <summary>Why the best trial is the best.</summary>
    /// <param name="trials">The trials that it was chosen from, the simplest first.</param>
    /// <param name="isRefined">Whether single activations then got calibrators of their own.</param>
    /// <param name="isImproved">Whether the plan was then improved from samples.</param>
    public Advice Explain(IReadOnlyList<SearchTrial> trials, bool isRefined, bool isImproved)
    {
        SearchTrial chosen = Best(trials), nearest = trials.Aggregate((best, next) => IsNearer(next.Score, best.Score) ? next : best);
        SampleFigures own = chosen.Score.Samples, others = nearest.Score.Samples;
        if (nearest != chosen && own.Count == others.Count && PairedTest.SamplesToTell(others.Levels, own.Levels) is { } needed
            && needed > own.Count)
        {
            return TrialsAdvice.Indistinguishable(trials.Count, own.Count, needed, isRefined, isImproved);
        }

        int reaching = trials.Count(trial => metric.Compare(trial.Score.Score, floatScore.Score) >= 0);
        return reaching > 0
            ? TrialsAdvice.ReachFloat(reaching, trials.Count, metric.Name, isRefined, isImproved)
            : TrialsAdvice.NoneReachesFloat(trials.Count, metric.Name, isRefined, isImproved);
    }

    /// <summary>
    /// Whether a trial is a true step up: surely nearer to the float model, and no worse by the metric as far as samples tell.
    /// </summary>
    public bool Improves(TrialScore trial, TrialScore on) => IsSurelyNearer(trial, on) && !IsBelow(trial, on);

    /// <summary>Whether a trial is surely farther from the float model than another, or below it by the metric.</summary>
    public bool IsWorse(TrialScore trial, TrialScore than) => IsSurelyNearer(than, trial) || IsBelow(trial, than);

    /// <summary>Orders scores: positive where <paramref name="left"/> is better.</summary>
    public int Compare(TrialScore left, TrialScore right) =>
        !_isNearness && metric.Compare(Capped(left), Capped(right)) is var order && order != 0 ? order
        : IsNearer(left, right) ? 1
        : IsNearer(right, left) ? -1
        : 0;

    /// <summary>Whether a score is below another by the metric, by more than chance where the samples' own figures are known.</summary>
    private bool IsBelow(TrialScore score, TrialScore other)
    {
        if (_isNearness)
        {
            return IsSurelyNearer(other, score);
        }

        return metric.Compare(Capped(score), Capped(other)) < 0
            && (score.Samples.Shares is not [not float.NaN, ..] || score.Samples.Count != other.Samples.Count
                || PairedTest.IsMoreOften(other.Samples.Shares, score.Samples.Shares));
    }

    /// <summary>Whether a score is nearer to the float model for a typical sample.</summary>
    private static bool IsNearer(TrialScore score, TrialScore other) =>
        score.Samples.Count > 0 && score.Samples.Count == other.Samples.Count
            ? score.Samples.MeanLevel < other.Samples.MeanLevel
            : score.SignalToNoise > other.SignalToNoise;

    /// <summary>Whether a score is nearer to the float model by more than chance.</summary>
    private static bool IsSurelyNearer(TrialScore score, TrialScore other) =>
        score.Samples.Count > 0 && score.Samples.Count == other.Samples.Count
            ? PairedTest.IsLower(score.Samples.Levels, other.Samples.Levels)
            : score.SignalToNoise > other.SignalToNoise;

    private double Capped(TrialScore score) => metric.Compare(score.Score, floatScore.Score) > 0 ? floatScore.Score : score.Score;
}
