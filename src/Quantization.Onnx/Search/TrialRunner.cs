using System.Collections.Concurrent;

namespace Quantization.Onnx;

/// <summary>
/// Scores models of one float model side by side. Models that come out the same are scored once, and those that an earlier run scored not
/// at all.
/// </summary>
internal sealed class TrialRunner(TrialModels models, TrialScorer scorer, TrialStore store, int maxParallelTrials)
{
    private readonly ConcurrentDictionary<string, Lazy<TrialScore>> _scores = [];
    private readonly Dictionary<string, string> _firstNames = [];
    private int _run;
    private int _resumed;

    public TrialModels Models => models;

    public TrialScorer Scorer => scorer;

    /// <summary>How many models were run over the samples.</summary>
    public int ModelsRun => _run;

    /// <summary>How many were found in the store instead.</summary>
    public int ModelsResumed => _resumed;

    /// <summary>Tries candidates. The result is the same at any parallelism.</summary>
    /// <param name="candidates">What to try.</param>
    /// <param name="report">Reports each finished trial, one at a time.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    public SearchTrial[] Try(IReadOnlyList<TrialCandidate> candidates, Action<SearchTrial> report, CancellationToken cancellationToken)
    {
        TrialModel[] tried = new TrialModel[candidates.Count];
        TrialScore[] scores = Run(
            candidates.Count,
            i => tried[i] = models.Make(candidates[i].Plan),
            (i, score) => report(ToTrial(candidates[i], score, null)),
            cancellationToken);
        SearchTrial[] trials = new SearchTrial[candidates.Count];
        for (int i = 0; i < trials.Length; i++)
        {
            string name = candidates[i].Name;
            string? sameAs = _firstNames.TryAdd(tried[i].Key, name) ? null : _firstNames[tried[i].Key];
            trials[i] = ToTrial(candidates[i], scores[i], sameAs);
        }

        return trials;
    }

    /// <summary>Scores plans. The result is the same at any parallelism.</summary>
    public TrialScore[] Score(IReadOnlyList<QuantizationPlan> plans, Action report, CancellationToken cancellationToken) =>
        Run(plans.Count, i => models.Make(plans[i]), (_, _) => report(), cancellationToken);

    /// <summary>Scores models. The result is the same at any parallelism.</summary>
    public TrialScore[] Score(IReadOnlyList<TrialModel> tried, Action report, CancellationToken cancellationToken) =>
        Run(tried.Count, i => tried[i], (_, _) => report(), cancellationToken);

    private static SearchTrial ToTrial(TrialCandidate candidate, TrialScore score, string? sameAs) =>
        new(candidate.Name, candidate.Options, score, sameAs) { Plan = candidate.Plan };

    private TrialScore[] Run(int count, Func<int, TrialModel> make, Action<int, TrialScore> report, CancellationToken cancellationToken)
    {
        TrialScore[] scores = new TrialScore[count];
        Lock reporting = new();
        SideBySide.ForEach(
            Enumerable.Range(0, count),
            scorer.Parallelism(maxParallelTrials),
            i =>
            {
                scores[i] = Score(make(i), cancellationToken);
                lock (reporting)
                {
                    report(i, scores[i]);
                }
            },
            cancellationToken);
        return scores;
    }

    private TrialScore Score(TrialModel model, CancellationToken cancellationToken) =>
        _scores.GetOrAdd(model.Key, _ => new Lazy<TrialScore>(() =>
        {
            TrialKey key = new(scorer.Fingerprint, model.Key);
            if (store.Find(key, scorer.Metric) is { } known)
            {
                Interlocked.Increment(ref _resumed);
                return known;
            }

            TrialScore score = scorer.Score(model, cancellationToken);
            Interlocked.Increment(ref _run);
            store.Add(key, score);
            return score;
        })).Value;
}
