namespace Quantization.Onnx;

/// <summary>Switches quantization off in descending sensitivity where it helps and the model stays within a latency.</summary>
/// <param name="run">Scores sets.</param>
/// <param name="limit">How many models may be tried; in addition to finding the best of those within the latency.</param>
/// <param name="measure">The median time of a run of a plan's model, in multiples of the int8 model's.</param>
/// <param name="largestRatio">The most that is allowed.</param>
internal sealed class LatencyBudget(PartialRun run, TrialLimit limit, Func<QuantizationPlan, double> measure, double largestRatio)
{
    private readonly Dictionary<string, double> _ratios = [];

    /// <summary>The ratio that was measured of a set; null where none was.</summary>
    public double? RatioOf(LayerSet set) => _ratios.TryGetValue(run.KeyOf(set), out double ratio) ? ratio : null;

    /// <summary>The best set within the budget.</summary>
    public LayerSet Spend(LayerSet start)
    {
        List<LayerSet> within = [start];
        Measure(start);
        TrialScore score = run.ScoreCandidates([start])[0];
        List<string> left = [.. run.Ranking.Select(layer => layer.Node)];
        for (int before = 0; before != within.Count;)
        {
            // What did not help at first may do so once others are in float; what was too slow is so for good.
            before = within.Count;
            foreach (string layer in left.ToArray())
            {
                LayerSet more = within[^1].WithFloat(layer);
                if (within[^1].Float.Count >= run.MaxFloatLayers
                    || limit.Allow(1) == 0
                    || run.ScoreCandidates([more])[0] is var scoreOfMore && run.CompareCandidates(scoreOfMore, score) <= 0)
                {
                    continue;
                }

                left.Remove(layer);
                if (Measure(more) <= largestRatio)
                {
                    within.Add(more);
                    score = scoreOfMore;
                }
            }
        }

        TrialScore[] scores = run.Score(within);
        return within[Enumerable.Range(0, scores.Length)
            .Aggregate((best, next) => run.Compare(scores[next], scores[best]) > 0 ? next : best)];
    }

    private double Measure(LayerSet set) => _ratios[run.KeyOf(set)] = measure(run.PlanOf(set));
}
