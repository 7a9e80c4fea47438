using System.Globalization;

namespace Quantization.Onnx;

/// <summary>
/// Looks for a set of layers that reaches the figure within a time and a size. Where the fewest layers in float are too slow or too large,
/// layers are chosen again by what they help for what they cost: one large layer may cost more than several small ones.
/// </summary>
/// <param name="run">Scores sets.</param>
/// <param name="goal">The figure to reach.</param>
/// <param name="limits">The time and the size.</param>
/// <param name="costs">What each layer takes.</param>
/// <param name="floatBytes">The bytes of the float model.</param>
/// <param name="measureRatio">The time of a plan's model, in multiples of the int8 model's.</param>
/// <param name="countBytes">The bytes of a plan's model.</param>
internal sealed class LimitSearch(
    PartialRun run,
    PartialGoal goal,
    PartialLimits limits,
    IReadOnlyDictionary<string, LayerCost> costs,
    long floatBytes,
    Func<QuantizationPlan, double> measureRatio,
    Func<QuantizationPlan, long> countBytes)
{
    /// <summary>How many sets that were scored anyway are weighed and timed at most, where no search met everything.</summary>
    private const int MaxWeighed = 16;

    private readonly Dictionary<string, LimitedPoint> _weighed = [];

    /// <summary>The set that meets everything, or the nearest to it.</summary>
    /// <param name="found">What the search for the figure alone found.</param>
    /// <param name="search">Searches again, by the ranking of <see cref="PartialRun.Ranking"/>.</param>
    public LimitedPoint Take(LayerSet found, Func<LayerSet> search)
    {
        LimitedPoint first = Weigh(found);
        if (first.Missed.Count == 0 || first.Missed.Contains(PartialBudget.Figure))
        {
            return first.Missed.Count == 0 ? first : FindNearest();
        }

        IReadOnlyList<RankedLayer> ranking = run.Ranking;
        foreach (PartialBudget missed in first.Missed)
        {
            run.Ranking = [.. ranking.OrderByDescending(layer => layer.Sensitivity / CostOf(layer.Node, missed))];
            LimitedPoint other = Weigh(search());
            run.Ranking = ranking;
            if (other.Missed.Count == 0)
            {
                return other;
            }
        }

        return FindNearest();
    }

    /// <summary>What was missed, in a sentence or two; null where nothing was.</summary>
    /// <param name="point">What was taken.</param>
    public string? Explain(LimitedPoint point)
    {
        if (point.Missed.Count == 0)
        {
            return null;
        }

        string[] wanted =
        [
            $"{run.Metric.Name} {Figure.Metric(goal.Threshold, run.Metric.Unit)}",
            .. limits.MaxLatencyRatio is { } latency
                ? (string[])[$"{Figure.Ratio(latency)} of the time of the model with all layers in int8"]
                : [],
            .. Most is < double.PositiveInfinity and double bytes ? (string[])[Figure.Bytes((long)bytes)] : [],
        ];
        string[] reached =
        [
            $"{run.Metric.Name} {Figure.Metric(point.Score.Score, run.Metric.Unit)}",
            .. limits.MaxLatencyRatio is null ? (string[])[] : [$"{Figure.Ratio(point.LatencyRatio)} of the time"],
            Figure.Bytes(point.Bytes),
        ];
        string missed = string.Join(" and ", point.Missed.Select(NameOf));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"No model was found that has {string.Join(", ", wanted)} together. The nearest was written, which misses {missed}: "
                + $"{string.Join(", ", reached)}.");
    }

    private double Most => limits.MostBytes(floatBytes);

    private static string NameOf(PartialBudget budget) => budget switch
    {
        PartialBudget.Figure => "the figure",
        PartialBudget.Latency => "the time",
        _ => "the size",
    };

    private double CostOf(string layer, PartialBudget budget) =>
        1 + (budget == PartialBudget.Latency ? costs[layer].MultiplyAccumulates : costs[layer].Weights);

    /// <summary>
    /// The nearest of all that was weighed, and of those that were scored on the way: the best of each number of layers in float, and the
    /// cheapest that reach the figure.
    /// </summary>
    private LimitedPoint FindNearest()
    {
        (LayerSet Set, TrialScore Score)[] scored = [.. run.Scored.OrderBy(each => each.Set.Float.Count)
            .ThenByDescending(each => each.Score, Comparer<TrialScore>.Create(run.Compare))];
        (LayerSet Set, TrialScore Score)[] best = [.. scored.DistinctBy(each => each.Set.Float.Count)];
        int step = Math.Max(1, (best.Length + MaxWeighed - 1) / MaxWeighed);
        LayerSet[] cheap =
        [
            .. ((PartialBudget[])[PartialBudget.Latency, PartialBudget.Size]).SelectMany(budget => scored
                .Where(each => goal.IsMetBy(each.Score))
                .OrderBy(each => each.Set.Float.Sum(layer => CostOf(layer, budget)))
                .Take(MaxWeighed / 2)
                .Select(each => each.Set)),
        ];
        foreach (LayerSet set in best.Where((_, i) => i % step == 0).Select(each => each.Set).Concat(cheap))
        {
            Weigh(set);
        }

        return _weighed.Values.OrderBy(point => point.Excess)
            .ThenByDescending(point => point.Score, Comparer<TrialScore>.Create(run.Compare)).First();
    }

    private LimitedPoint Weigh(LayerSet set)
    {
        string key = run.KeyOf(set);
        if (_weighed.TryGetValue(key, out LimitedPoint? known))
        {
            return known;
        }

        TrialScore score = run.Score(set)[0];
        QuantizationPlan plan = run.PlanOf(set);
        double ratio = limits.MaxLatencyRatio is null ? 1 : measureRatio(plan);
        long bytes = countBytes(plan);
        double figure =
            goal.IsMetBy(score) ? 0 : Math.Abs(score.Score - goal.Threshold!.Value) / Math.Max(Math.Abs(goal.Threshold.Value), 1e-9);
        double latency = Math.Max(0, (ratio / (limits.MaxLatencyRatio ?? double.PositiveInfinity)) - 1),
            size = Math.Max(0, (bytes / Most) - 1);
        PartialBudget[] missed =
        [
            .. goal.IsMetBy(score) ? (PartialBudget[])[] : [PartialBudget.Figure],
            .. latency > 0 ? (PartialBudget[])[PartialBudget.Latency] : [],
            .. size > 0 ? (PartialBudget[])[PartialBudget.Size] : [],
        ];
        return _weighed[key] = new LimitedPoint(set, score, ratio, bytes, missed, Math.Max(figure, Math.Max(latency, size)));
    }
}
