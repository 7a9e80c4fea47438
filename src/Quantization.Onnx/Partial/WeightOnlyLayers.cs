namespace Quantization.Onnx;

/// <summary>
/// Gives layers in float their int8 weights back, of as many as the goal allows: that quarters their size and costs no time.
/// </summary>
/// <param name="run">Scores sets.</param>
/// <param name="goal">The goal.</param>
/// <param name="shareOf">The share of the multiply-accumulates of a set that run on integers.</param>
internal sealed class WeightOnlyLayers(PartialRun run, PartialGoal goal, Func<LayerSet, double> shareOf)
{
    /// <summary>The share of what runs on integers that further layers may leave with it, to make up for rounded weights.</summary>
    private const double MinShare = 0.95;

    /// <summary>How many further layers are tried.</summary>
    private const int MaxFurther = 8;

    /// <summary>The set with as many int8 weights as the goal allows.</summary>
    /// <param name="found">A set that meets the goal.</param>
    public LayerSet Take(LayerSet found)
    {
        if (found.Float.IsEmpty)
        {
            return found;
        }

        // From all weights as codes to none, those of the most sensitive layers in float first.
        string[] layers = [.. run.Ranking.Select(layer => layer.Node).Where(found.Float.Contains)];
        LayerSet[] growing = [.. Enumerable.Range(0, layers.Length + 1)
            .Select(count => layers.Skip(count).Aggregate(found, (set, layer) => set.WithWeightOnly(layer)))];
        return goal.IsMetBy(run.Score(growing[0])[0]) ? growing[0]
            : WithFurther(growing[0], MinShare * shareOf(found)) ?? PrefixSearch.FindShortest(run, growing, goal.IsMetBy);
    }

    /// <summary>
    /// The set with a few layers more that compute in float with int8 weights, where they make up for what all the rounded weights cost.
    /// </summary>
    private LayerSet? WithFurther(LayerSet rounded, double leastShare)
    {
        List<LayerSet> growing = [rounded];
        foreach (string layer in run.Ranking.Select(layer => layer.Node).Where(layer => !rounded.WeightOnly.Contains(layer)))
        {
            LayerSet more = growing[^1].WithWeightOnly(layer);
            if (growing.Count <= MaxFurther && shareOf(more) >= leastShare)
            {
                growing.Add(more);
            }
        }

        LayerSet shortest = PrefixSearch.FindShortest(run, growing, goal.IsMetBy);
        return goal.IsMetBy(run.Score(shortest)[0]) ? shortest : null;
    }
}
