namespace Quantization.Onnx;

/// <summary>
/// Switches quantization off for one layer after another until a figure is reached, then on again where it turns out not to be needed.
/// </summary>
/// <param name="run">Scores sets.</param>
/// <param name="limit">How many models may be tried.</param>
/// <param name="meets">Whether a score on all samples is good enough.</param>
internal sealed class FloatLayers(PartialRun run, TrialLimit limit, Predicate<TrialScore> meets)
{
    /// <summary>Whether it still pays to leave more layers in float; the way there ends where it does not.</summary>
    public Predicate<LayerSet> IsWorthwhile { get; init; } = _ => true;

    /// <summary>How many of the most sensitive layers compete for being the next: noise of single layers does not just add up.</summary>
    private const int Window = 4;

    /// <summary>
    /// How many sets are scored side by side where the first that is good enough is taken. Fixed, so that the result does not depend on the
    /// number of processors.
    /// </summary>
    private const int Ahead = 4;

    /// <summary>How many exchanges of two layers for one are tried.</summary>
    private const int MaxExchanges = 24;

    /// <summary>
    /// How many models are tried for a layer on the way: the set's own on all samples and on those that rank, and those that compete.
    /// </summary>
    private const int TrialsPerLayer = Window + 2;

    /// <summary>
    /// How many models may be tried both ways where the user names no other number: so many that no way there, however long, is cut short,
    /// and as many for the way back.
    /// </summary>
    public static int DefaultTrials(int layers) => 2 * TrialsPerLayer * layers;

    /// <summary>
    /// Switches quantization off in descending sensitivity until the score is good enough, or no layer is left that may be in float. Half
    /// of the trials are kept for the way back; where the others are used up, layers follow in the order of the ranking.
    /// </summary>
    public LayerSet SwitchOff(LayerSet set)
    {
        int reserve = limit.Left / 2;
        while (!meets(run.Score(set)[0]) && set.Float.Count < run.MaxFloatLayers && IsWorthwhile(set)
            && LeftInRanking(set) is { Length: > 0 } left)
        {
            if (limit.Left - reserve < TrialsPerLayer)
            {
                return FollowRanking(set, left);
            }

            set = FindNext(set, left, limit.Left - reserve);
        }

        return set;
    }

    /// <summary>
    /// Quantizes layers again as long as the score stays good enough: afterwards, no single one can be, if the trials suffice.
    /// </summary>
    public LayerSet SwitchOn(LayerSet set)
    {
        for (LayerSet? smaller = RemoveTogether(set); smaller is not null; smaller = Exchange(set))
        {
            set = RemoveSingly(smaller);
        }

        return set;
    }

    private string[] LeftInRanking(LayerSet set) => [.. run.Ranking.Select(layer => layer.Node).Where(layer => !set.Float.Contains(layer))];

    /// <summary>The set with as many of the most sensitive layers in float as it needs.</summary>
    private LayerSet FollowRanking(LayerSet set, string[] left)
    {
        List<LayerSet> growing = [set];
        foreach (string layer in left.Take(run.MaxFloatLayers - set.Float.Count).TakeWhile(_ => IsWorthwhile(growing[^1])))
        {
            growing.Add(growing[^1].WithFloat(layer));
        }

        return PrefixSearch.FindShortest(run, growing, meets);
    }

    /// <summary>The set with one layer more in float.</summary>
    private LayerSet FindNext(LayerSet set, string[] left, int mostTrials)
    {
        int start = run.Tried;
        LayerSet[] candidates = [.. left.Select(set.WithFloat)];
        TrialScore before = run.ScoreCandidates([set])[0];
        (LayerSet? best, TrialScore? score) = (null, null);
        foreach (LayerSet[] some
            in (LayerSet[][])[candidates[..Math.Min(Window, candidates.Length)], candidates[Math.Min(Window, candidates.Length)..]])
        {
            if (score is not null && (run.CompareCandidates(score, before) > 0 || run.Tried - start + some.Length > mostTrials))
            {
                break;
            }

            TrialScore[] scores = run.ScoreCandidates(some);
            for (int i = 0; i < some.Length; i++)
            {
                if (score is null || run.CompareCandidates(scores[i], score) > 0)
                {
                    (best, score) = (some[i], scores[i]);
                }
            }
        }

        // Where none is a step up, layers may help only together; those that do not are quantized again on the way back.
        return best!;
    }

    /// <summary>All that was done, the least helpful first; empty where there are too few trials to tell.</summary>
    private string[] OrderByHelp(LayerSet set)
    {
        string[] changed = [.. run.Layers.Select(layer => layer.Label).Where(set.Contains)];
        if (limit.Allow(changed.Length) < changed.Length)
        {
            return [];
        }

        TrialScore[] without = run.ScoreCandidates([.. changed.Select(set.Without)]);
        return
        [
            .. changed.Zip(without)
                .OrderByDescending(each => set.Float.Contains(each.First)) // float costs time, the other steps do not
                .ThenByDescending(each => each.Second, Comparer<TrialScore>.Create(run.CompareCandidates))
                .Select(each => each.First),
        ];
    }

    /// <summary>As many of the least helpful layers quantized at once as may be, found by halving.</summary>
    private LayerSet RemoveTogether(LayerSet set)
    {
        string[] order = OrderByHelp(set);
        List<LayerSet> shrinking = [set];
        foreach (string layer in order)
        {
            shrinking.Add(shrinking[^1].Without(layer));
        }

        return limit.Allow(PrefixSearch.MostTrials(shrinking.Count)) > 0
            ? PrefixSearch.FindShortest(run, [.. Enumerable.Reverse(shrinking)], meets)
            : set;
    }

    /// <summary>One layer after another quantized, the least helpful first, until none of those left can be.</summary>
    private LayerSet RemoveSingly(LayerSet set)
    {
        List<string> left = [.. OrderByHelp(set)];
        for (int failed = 0; failed < left.Count;)
        {
            string[] next = [.. left.Take(limit.Allow(Math.Min(Ahead, left.Count - failed)))];
            if (next.Length == 0)
            {
                break;
            }

            int found = Array.FindIndex(run.Score([.. next.Select(set.Without)]), meets);
            string[] kept = found < 0 ? next : next[..found];
            left.RemoveRange(0, found < 0 ? next.Length : found + 1);
            left.AddRange(kept);
            (set, failed) = found < 0 ? (set, failed + next.Length) : (set.Without(next[found]), 0);
        }

        return set;
    }

    /// <summary>Two layers quantized for one in float: a smaller set that single removals do not find. Null where none was found.</summary>
    private LayerSet? Exchange(LayerSet set)
    {
        RankedLayer[] inFloat = [.. run.Ranking.Where(layer => set.Float.Contains(layer.Node))];
        RankedLayer[] least = inFloat[Math.Max(0, inFloat.Length - MaxExchanges - 1)..]; // no pair with another is among the best
        RankedLayer[] others = [.. run.Ranking.Where(layer => !set.Float.Contains(layer.Node)).Take(MaxExchanges)];
        LayerSet[] smaller =
        [
            .. least.SelectMany((first, i) => least.Skip(i + 1).SelectMany(second => others.Select(other => (first, second, other))))
                .OrderByDescending(each => each.other.Sensitivity - each.first.Sensitivity - each.second.Sensitivity)
                .Take(MaxExchanges)
                .Select(each => set.Without(each.first.Node).Without(each.second.Node).WithFloat(each.other.Node)),
        ];

        // Sets of the same size that did not do are known: those with one layer less. Only what beats these on the samples that rank is
        // worth scoring on all.
        if (limit.Allow(inFloat.Length + smaller.Length) < inFloat.Length + smaller.Length)
        {
            return null;
        }

        TrialScore[] removed = run.ScoreCandidates([.. inFloat.Select(layer => set.Without(layer.Node))]);
        TrialScore[] scores = run.ScoreCandidates(smaller);
        foreach (LayerSet[] some in smaller.Where((_, i) => Array.TrueForAll(removed, other => run.CompareCandidates(scores[i], other) > 0))
            .Chunk(Ahead))
        {
            LayerSet[] allowed = some[..limit.Allow(some.Length)];
            int found = Array.FindIndex(run.Score(allowed), meets);
            if (found >= 0)
            {
                return allowed[found];
            }
        }

        return null;
    }
}
