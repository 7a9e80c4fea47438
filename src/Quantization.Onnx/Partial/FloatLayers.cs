namespace Quantization.Onnx;

/// <summary>Switches quantization off for one layer after another until a figure is reached, then on again where it turns out not to be needed.</summary>
/// <param name="run">Scores sets.</param>
/// <param name="meets">Whether a score on all samples is good enough.</param>
internal sealed class FloatLayers(PartialRun run, Predicate<TrialScore> meets)
{
    /// <summary>How many of the most sensitive layers compete for being the next: noise of single layers does not just add up.</summary>
    private const int Window = 4;

    /// <summary>How many sets are scored side by side where the first that is good enough is taken. Fixed, so that the result does not depend on the number of processors.</summary>
    private const int Ahead = 4;

    /// <summary>How many exchanges of two layers for one are looked at.</summary>
    private const int MaxExchanges = 24;

    /// <summary>Switches quantization off in descending sensitivity until the score is good enough, or no layer is left that may be in float.</summary>
    public LayerSet SwitchOff(LayerSet set)
    {
        while (!meets(run.Score(set)[0]) && FindNext(set) is { } next)
        {
            set = next;
        }

        return set;
    }

    /// <summary>Quantizes layers again as long as the score stays good enough: afterwards, no single one can be.</summary>
    public LayerSet SwitchOn(LayerSet set)
    {
        while (true)
        {
            LayerSet less = RemoveEach(set);
            if (ReferenceEquals(less, set))
            {
                LayerSet? exchanged = Exchange(set);
                if (exchanged is null)
                {
                    return set;
                }

                less = exchanged;
            }

            set = less;
        }
    }

    /// <summary>The set with one layer more in float; null where none may be.</summary>
    private LayerSet? FindNext(LayerSet set)
    {
        LayerSet[] candidates = [.. run.Ranking.Where(layer => !set.Float.Contains(layer.Node)).Select(layer => set.WithFloat(layer.Node))];
        if (candidates.Length == 0 || set.Float.Count >= run.MaxFloatLayers)
        {
            return null;
        }

        TrialScore before = run.ScoreCandidates([set])[0];
        (LayerSet? best, TrialScore? score) = (null, null);
        foreach (LayerSet[] some in (LayerSet[][])[candidates[..Math.Min(Window, candidates.Length)], candidates[Math.Min(Window, candidates.Length)..]])
        {
            TrialScore[] scores = run.ScoreCandidates(some);
            for (int i = 0; i < some.Length; i++)
            {
                if (score is null || run.CompareCandidates(scores[i], score) > 0)
                {
                    (best, score) = (some[i], scores[i]);
                }
            }

            if (run.CompareCandidates(score!, before) > 0)
            {
                break;
            }
        }

        // Where none is a step up, layers may help only together; those that do not are quantized again on the way back.
        return best;
    }

    /// <summary>One pass over all that was done, the least helpful first.</summary>
    private LayerSet RemoveEach(LayerSet set)
    {
        string[] changed = [.. run.Layers.Select(layer => layer.Node.GetLabel()).Where(set.Contains)];
        TrialScore[] without = run.ScoreCandidates([.. changed.Select(set.Without)]);
        List<string> left = [.. changed.Zip(without)
            .OrderByDescending(each => set.Float.Contains(each.First)) // float costs time, the other steps do not
            .ThenByDescending(each => each.Second, Comparer<TrialScore>.Create(run.CompareCandidates))
            .Select(each => each.First)];
        while (left.Count > 0)
        {
            string[] next = [.. left.Take(Ahead)];
            int found = Array.FindIndex(run.Score([.. next.Select(set.Without)]), meets);
            left.RemoveRange(0, found < 0 ? next.Length : found + 1);
            set = found < 0 ? set : set.Without(next[found]);
        }

        return set;
    }

    /// <summary>Two layers quantized for one in float: a smaller set that single removals do not find. Null where none was found.</summary>
    private LayerSet? Exchange(LayerSet set)
    {
        RankedLayer[] inFloat = [.. run.Ranking.Where(layer => set.Float.Contains(layer.Node))];
        RankedLayer[] others = [.. run.Ranking.Where(layer => !set.Float.Contains(layer.Node))];
        LayerSet[] smaller =
        [
            .. inFloat.SelectMany((first, i) => inFloat.Skip(i + 1).SelectMany(second => others.Select(other => (
                Set: set.Without(first.Node).Without(second.Node).WithFloat(other.Node),
                Gain: other.Sensitivity - first.Sensitivity - second.Sensitivity))))
                .OrderByDescending(each => each.Gain)
                .Take(MaxExchanges)
                .Select(each => each.Set),
        ];

        // Sets of the same size that did not do are known: those with one layer less. Only what beats these on the samples that rank is worth scoring on all.
        TrialScore[] removed = run.ScoreCandidates([.. inFloat.Select(layer => set.Without(layer.Node))]);
        TrialScore[] scores = run.ScoreCandidates(smaller);
        foreach (LayerSet[] some in smaller.Where((_, i) => Array.TrueForAll(removed, other => run.CompareCandidates(scores[i], other) > 0)).Chunk(Ahead))
        {
            int found = Array.FindIndex(run.Score(some), meets);
            if (found >= 0)
            {
                return some[found];
            }
        }

        return null;
    }
}
