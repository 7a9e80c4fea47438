using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Turns sets of layers into points to choose from.</summary>
internal sealed class PartialCurve(
    PartialRun run, TrialModels models, IReadOnlyDictionary<string, LayerCost> costs, LatencyBudget? latencies)
{
    private readonly double _all = Math.Max(1, costs.Values.Sum(cost => (double)cost.MultiplyAccumulates));

    /// <summary>A set with all that is told of it.</summary>
    public PartialPoint ToPoint(LayerSet set, TrialScore score)
    {
        ModelProto model = models.Write(run.PlanOf(set));
        long bytes = ModelStore.SizeOf(model) is var most && most > ModelStore.LargestMessage ? most : model.CalculateSize();
        return new PartialPoint(
            [.. run.Layers.Select(layer => layer.Label).Where(set.Float.Contains)], run.OptionsOf(set), score, Int8Share(set), bytes)
        {
            Plan = models.Record(run.PlanOf(set)),
            WeightOnlyLayers = [.. run.Layers.Select(layer => layer.Label).Where(set.WeightOnly.Contains)],
            FloatActivations = [.. set.Activations.Order(StringComparer.Ordinal)],
            FloatBodies = [.. run.Bodies.Where(set.Bodies.Contains)],
            LatencyRatio = latencies?.RatioOf(set),
        };
    }

    /// <summary>The sets that no other one beats both by the metric and by the share of int8 compute, then the float model.</summary>
    public IReadOnlyList<PartialPoint> Draw()
    {
        List<PartialPoint> points = [];
        double? best = null;
        foreach ((LayerSet set, TrialScore score) in run.Scored
            .OrderByDescending(each => Int8Share(each.Set))
            .ThenByDescending(each => each.Score.Score, Comparer<double>.Create(run.Metric.Compare))
            .Where(each => each.Set.Float.Count < run.Layers.Count || each.Set.Bodies.Count < run.Bodies.Count))
        {
            if (best is null || run.Metric.Compare(score.Score, best.Value) > 0)
            {
                best = score.Score;
                points.Add(ToPoint(set, score));
            }
        }

        points.Add(ToPoint(
            run.Layers.Aggregate(LayerSet.Empty with { Bodies = [.. run.Bodies] }, (set, layer) => set.WithFloat(layer.Label)),
            run.FloatScore));
        return points;
    }

    /// <summary>The share of the multiply-accumulates that run on integers.</summary>
    public double Int8Share(LayerSet set) =>
        IntegerWork.LayersOf(run.PlanOf(set)).Sum(layer => (double)costs[layer].MultiplyAccumulates) / _all;
}
