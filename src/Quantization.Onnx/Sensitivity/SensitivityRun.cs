using System.Diagnostics;

namespace Quantization.Onnx;

/// <summary>Takes measures of all layers of a model.</summary>
internal sealed class SensitivityRun(TrialRunner runner, LayerVariants variants, IReadOnlyDictionary<string, LayerCost> costs)
{
    private static readonly SensitivityCriterion[] Figures =
    [
        SensitivityCriterion.Metric,
        SensitivityCriterion.SignalToNoise,
        SensitivityCriterion.Cosine,
        SensitivityCriterion.KullbackLeibler
    ];

    /// <summary>Takes the measures one after another, each of all layers side by side.</summary>
    /// <param name="measures">The measures.</param>
    /// <param name="report">Reports each layer done, one at a time.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    public SensitivityResult Take(
        IEnumerable<SensitivityMeasure> measures, Action<SensitivityMeasure> report, CancellationToken cancellationToken)
    {
        IReadOnlyList<QuantizableNode> layers = variants.Layers;
        TrialScore quantized = runner.Score([variants.Plan], () => { }, cancellationToken)[0];
        Dictionary<SensitivityMeasure, TrialScore[]> scores = [];
        Dictionary<SensitivityMeasure, MeasureCost> measureCosts = [];
        LayerNoiseEstimate[]? noise = null;
        foreach (SensitivityMeasure measure in measures.Distinct())
        {
            long start = Stopwatch.GetTimestamp();
            (int run, int resumed) = (runner.ModelsRun, runner.ModelsResumed);
            if (measure == SensitivityMeasure.EstimatedNoise)
            {
                noise = [.. EstimateNoise(runner.Models, variants)];
            }
            else
            {
                scores[measure] = runner.Score(
                    [.. layers.Select(layer => variants.Make(measure, layer))], () => report(measure), cancellationToken);
            }

            run = runner.ModelsRun - run;
            measureCosts[measure] = new MeasureCost(
                run, runner.ModelsResumed - resumed, (long)run * runner.Scorer.Samples, Stopwatch.GetElapsedTime(start));
        }

        return new SensitivityResult
        {
            Layers = [.. layers.Select((layer, i) => new LayerSensitivity(
                layer.Label,
                layer.Node.OpType,
                costs[layer.Label],
                noise?[i],
                scores.ToDictionary(each => each.Key, each => each.Value[i])))
            ],
            Rankings = Rank([.. layers.Select(layer => layer.Label)], noise, scores, quantized),
            Costs = measureCosts,
            Metric = runner.Scorer.Metric,
            FloatScore = runner.Scorer.FloatScore,
            QuantizedScore = quantized,
            Samples = runner.Scorer.Samples,
        };
    }

    /// <summary>What statistics alone say of layers.</summary>
    public static IEnumerable<LayerNoiseEstimate> EstimateNoise(TrialModels models, LayerVariants variants)
    {
        QuantizationPlan resolved = models.Resolve(variants.Plan);
        Dictionary<string, (NodePlan Rule, NodePlan Found)> byResult = variants.Plan.Nodes.Zip(resolved.Nodes)
            .ToDictionary(each => each.First.Result);
        return variants.Layers.Select(
            layer => NoiseEstimator.Estimate(models, byResult[layer.Node.Output[0]].Rule, byResult[layer.Node.Output[0]].Found, layer));
    }

    private List<SensitivityRanking> Rank(
        string[] names, LayerNoiseEstimate[]? noise, Dictionary<SensitivityMeasure, TrialScore[]> scores, TrialScore quantized)
    {
        List<(SensitivityMeasure Measure, SensitivityCriterion Criterion, double[] Values)> all = [];
        if (noise is not null)
        {
            all.Add((SensitivityMeasure.EstimatedNoise, SensitivityCriterion.NoiseToSignal, [.. noise.Select(each => each.NoiseToSignal)]));
        }

        foreach ((SensitivityMeasure measure, TrialScore[] trials) in scores)
        {
            foreach (SensitivityCriterion criterion in Figures)
            {
                double?[] losses = [.. trials.Select(trial => measure == SensitivityMeasure.AllButThisLayer
                    ? Loss(quantized, criterion) - Loss(trial, criterion)
                    : Loss(trial, criterion))];
                if (!losses.Contains(null))
                {
                    all.Add((measure, criterion, [.. losses.Select(loss => loss!.Value)]));
                }
            }
        }

        double[]? metric = Metric(SensitivityMeasure.OnlyThisLayer) ?? Metric(SensitivityMeasure.AllButThisLayer);
        return
        [
            .. all.Select(each => new SensitivityRanking(
                each.Measure,
                each.Criterion,
                [.. names.Zip(each.Values, (name, value) => new RankedLayer(name, value)).OrderByDescending(layer => layer.Sensitivity)],
                metric is null ? null : RankCorrelation.Spearman(each.Values, metric))),
        ];

        double[]? Metric(SensitivityMeasure measure) =>
            all.FirstOrDefault(each => each.Measure == measure && each.Criterion == SensitivityCriterion.Metric).Values;
    }

    /// <summary>How much worse a figure is than the float model's; null where there is no such figure.</summary>
    private double? Loss(TrialScore score, SensitivityCriterion criterion)
    {
        ModelMetric metric = runner.Scorer.Metric;
        double best = runner.Scorer.FloatScore.Score;
        return criterion switch
        {
            SensitivityCriterion.SignalToNoise => NoiseShare(score.SignalToNoise),
            SensitivityCriterion.Cosine => 1 - score.Cosine,
            SensitivityCriterion.KullbackLeibler => score.KullbackLeibler,
            _ when double.IsInfinity(best) => NoiseShare(score.Score),
            _ => metric.LargerIsBetter ? best - score.Score : score.Score - best,
        };
    }

    /// <summary>A ratio in dB as the share of noise in the signal.</summary>
    private static double NoiseShare(double decibels) => Math.Pow(10, -decibels / 10);
}
