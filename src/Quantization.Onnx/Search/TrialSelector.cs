namespace Quantization.Onnx;

/// <summary>
/// Picks the best of several trials. A figure above the float model's is luck: among many trials some hit more of the scoring samples than the model that they approximate. So trials that reach the float
/// model count as equal, and of these the one is taken whose outputs lie nearest to the float model's, by their SQNR. Where none reaches it, the best figure wins.
/// </summary>
internal sealed class TrialSelector(ModelMetric metric, TrialScore floatScore)
{
    /// <summary>The best trial.</summary>
    public SearchTrial Best(IReadOnlyList<SearchTrial> trials) =>
        trials.Aggregate((best, next) => Compare(next.Score, best.Score) > 0 ? next : best);

    /// <summary>Why the best trial is the best.</summary>
    /// <param name="trials">The trials that it was chosen from.</param>
    /// <param name="isRefined">Whether single activations then got calibrators of their own.</param>
    public Advice Explain(IReadOnlyList<SearchTrial> trials, bool isRefined)
    {
        int reaching = trials.Count(trial => metric.Compare(trial.Score.Score, floatScore.Score) >= 0);
        return reaching > 0
            ? TrialsAdvice.ReachFloat(reaching, trials.Count, metric.Name, isRefined)
            : TrialsAdvice.NoneReachesFloat(trials.Count, metric.Name, isRefined);
    }

    /// <summary>Whether a trial is a true step up: no worse by the metric, and nearer to the float model.</summary>
    public bool Improves(TrialScore trial, TrialScore on) =>
        trial.SignalToNoise > on.SignalToNoise && metric.Compare(Capped(trial), Capped(on)) >= 0;

    /// <summary>Orders scores: positive where <paramref name="left"/> is better.</summary>
    public int Compare(TrialScore left, TrialScore right) =>
        metric.Compare(Capped(left), Capped(right)) is var order && order != 0 ? order : left.SignalToNoise.CompareTo(right.SignalToNoise);

    private double Capped(TrialScore score) => metric.Compare(score.Score, floatScore.Score) > 0 ? floatScore.Score : score.Score;
}
