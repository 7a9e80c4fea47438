using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Gathers the facts of a partial quantization.</summary>
internal static class PartialFacts
{
    public static ReportPartial Gather(PartialResult result, PartialOptions options) => new()
    {
        Target = result.Target.ToString(),
        Threshold = result.Threshold,
        IsTargetMet = result.IsTargetMet,
        IsLimitReached = result.IsLimitReached,
        Reason = result.Reason,
        Written = PointOf(result.Written, result.Written),
        AllInt8 = PointOf(result.Quantized, result.Written),
        Curve = [.. result.Curve.Select(point => PointOf(point, result.Written))],
        Layers = LayersOf(result),
        FloatActivations = result.ActivationChanges.ToDictionary(change => change.Activation, change => change.Reason),
        Rankings = RankingsOf(result.Sensitivity, options),
        RankingSamples = result.RankingSamples,
        ModelsRun = result.ModelsRun,
        ModelsResumed = result.ModelsResumed,
        Seconds = result.Elapsed.TotalSeconds,
    };

    private static ReportPartialPoint PointOf(PartialPoint point, PartialPoint written) => new(
        point.FloatLayers,
        point.Score.Score,
        point.Score.SignalToNoise,
        point.Int8Share,
        point.ModelBytes,
        point.LatencyRatio,
        point.Score == written.Score && point.ModelBytes == written.ModelBytes && point.FloatLayers.SequenceEqual(written.FloatLayers))
    {
        WeightOnlyLayers = point.WeightOnlyLayers,
        FloatActivations = point.FloatActivations,
    };

    private static ReportPartialLayer[] LayersOf(PartialResult result)
    {
        double all = Math.Max(1, result.Sensitivity.Layers.Sum(layer => (double)layer.Cost.MultiplyAccumulates));
        Dictionary<string, double>[] sensitivities =
        [
            .. result.Sensitivity.Rankings.Select(ranking => ranking.Layers.ToDictionary(layer => layer.Node, layer => layer.Sensitivity))
        ];
        Dictionary<string, LayerChange> changes = result.Changes.ToDictionary(change => change.Node);
        return
        [
            .. result.Sensitivity.Layers.Select(layer =>
            {
                LayerChange? change = changes.GetValueOrDefault(layer.Node);
                return new ReportPartialLayer(
                    layer.Node,
                    layer.Operator,
                    change is null ? ReportLayerState.Int8 : change.IsFloat ? ReportLayerState.Float : ReportLayerState.Relieved,
                    [.. (change?.Steps ?? []).Select(step => step.Name)],
                    layer.Cost.MultiplyAccumulates / all,
                    [.. sensitivities.Select(each => each[layer.Node])],
                    change?.Without.Score,
                    change?.Reason);
            }),
        ];
    }

    private static ReportRanking[] RankingsOf(SensitivityResult sensitivity, PartialOptions options) =>
    [
        .. sensitivity.Rankings.Select(ranking =>
        {
            MeasureCost cost = sensitivity.Costs[ranking.Measure];
            bool isUsed = ranking.Measure == options.Measure
                && (ranking.Measure == SensitivityMeasure.EstimatedNoise || ranking.Criterion == options.Criterion);
            return new ReportRanking(
                $"{SensitivityWords.Of(ranking.Measure)}, {SensitivityWords.Of(ranking.Criterion, sensitivity.Metric.Name)}",
                ranking.Measure,
                ranking.Criterion,
                ranking.Layers[0].Node,
                ranking.CorrelationWithMetric,
                isUsed,
                cost.Models,
                cost.Resumed,
                cost.Runs,
                cost.Elapsed.TotalMilliseconds);
        }),
    ];
}
