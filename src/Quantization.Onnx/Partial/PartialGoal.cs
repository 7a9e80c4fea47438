using System.Globalization;

namespace Quantization.Onnx;

/// <summary>The figure that a metric has to reach.</summary>
internal sealed class PartialGoal
{
    /// <summary>What decimal fractions lose when they are subtracted: 0.925 − 0.005 is not quite 0.92.</summary>
    private const double Rounding = 1e-12;

    private readonly PartialTarget _target;
    private readonly ModelMetric _metric;

    private PartialGoal(PartialTarget target, ModelMetric metric, double? threshold)
    {
        _target = target;
        _metric = metric;
        Threshold = threshold;
    }

    /// <summary>The figure; null where a latency is the bound, not a figure.</summary>
    public double? Threshold { get; }

    /// <summary>The goal of a target.</summary>
    /// <exception cref="ArgumentException">The float model's figure is infinite, so that there is no loss.</exception>
    public static PartialGoal Of(PartialTarget target, ModelMetric metric, TrialScore floatScore)
    {
        double? threshold = target.Kind switch
        {
            PartialTargetKind.MaxLoss when double.IsInfinity(floatScore.Score) => throw new ArgumentException(
                $"The float model's {metric.Name} is infinite, so every loss is; give a figure to reach, such as PartialTarget.Reach(30), or a metric such as ModelMetric.Top1.", nameof(target)),
            PartialTargetKind.MaxLoss => metric.LargerIsBetter ? floatScore.Score - target.Value : floatScore.Score + target.Value,
            PartialTargetKind.Reach => target.Value,
            _ => null,
        };
        return new PartialGoal(target, metric, threshold);
    }

    /// <summary>Whether a score on all samples reaches the figure; false where there is none.</summary>
    public bool IsMetBy(TrialScore score)
    {
        double slack = Rounding * (1 + Math.Abs(Threshold ?? 0));
        return Threshold is { } threshold && _metric.Compare(score.Score, _metric.LargerIsBetter ? threshold - slack : threshold + slack) >= 0;
    }

    /// <summary>What was reached, in words.</summary>
    public string Explain(bool isMet, TrialLimit limit, PartialRun run, PartialPoint written, int samples)
    {
        string reached = Explain(isMet, run, written, samples);
        return limit.IsReached
            ? string.Create(CultureInfo.InvariantCulture, $"{reached} The search was stopped by the limit of {limit.Most} trials, PartialOptions.MaxTrials; with more it may find a better set.")
            : reached;
    }

    private string Explain(bool isMet, PartialRun run, PartialPoint written, int samples)
    {
        string figures = string.Create(CultureInfo.InvariantCulture, $"{_metric.Name} {written.Score.Score:0.####} on {samples} samples, the float model's being {run.FloatScore.Score:0.####}");
        string layers = string.Create(CultureInfo.InvariantCulture, $"{written.FloatLayers.Count} of {run.Layers.Count} layers in float, {written.Int8Share:0.0%} of the compute on integers");
        if (_target.Kind == PartialTargetKind.MaxLatencyRatio)
        {
            return string.Create(CultureInfo.InvariantCulture, $"The best that was found within {_target}: {figures}, {layers}, {written.LatencyRatio:0.00} times the int8 latency.");
        }

        if (isMet)
        {
            return $"The target of {_target} is met: {figures}, {layers}.";
        }

        string why = run.MaxFloatLayers < run.Layers.Count
            ? string.Create(CultureInfo.InvariantCulture, $"with at most {run.MaxFloatLayers} layers in float")
            : "even with every layer in float";
        return $"The target of {_target} was not met {why}. The best that was reached was written: {figures}, {layers}.";
    }
}
