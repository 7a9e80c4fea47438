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
    /// <exception cref="ArgumentException">
    /// The float model's figure is infinite, so that there is no loss, or the float model itself misses the figure.
    /// </exception>
    public static PartialGoal Of(PartialTarget target, ModelMetric metric, TrialScore floatScore)
    {
        double? threshold = target.Kind switch
        {
            PartialTargetKind.MaxLoss when double.IsInfinity(floatScore.Score) =>
                throw Refuse(TargetAdvice.LossOfInfinite(metric.Name), nameof(target)),
            PartialTargetKind.MaxLoss => metric.LargerIsBetter ? floatScore.Score - target.Value : floatScore.Score + target.Value,
            PartialTargetKind.Reach => target.Value,
            _ => null,
        };
        PartialGoal goal = new(target, metric, threshold);
        return target.Kind != PartialTargetKind.Reach || goal.IsMetBy(floatScore)
            ? goal
            : throw Refuse(TargetAdvice.BeyondFloat(metric, target.Value, floatScore.Score), nameof(target));
    }

    /// <summary>Whether a score on all samples reaches the figure; false where there is none.</summary>
    public bool IsMetBy(TrialScore score)
    {
        double slack = Rounding * (1 + Math.Abs(Threshold ?? 0));
        return Threshold is { } threshold
            && _metric.Compare(score.Score, _metric.LargerIsBetter ? threshold - slack : threshold + slack) >= 0;
    }

    /// <summary>What was reached.</summary>
    public Advice Explain(bool isMet, TrialLimit limit, PartialRun run, PartialPoint written, int samples) => TargetAdvice.Reached(
        _target,
        isMet,
        _metric,
        run.FloatScore.Score,
        written,
        samples,
        run.Layers.Count,
        run.MaxFloatLayers,
        limit.IsReached ? limit.Most : null);

    private static ArgumentException Refuse(Advice advice, string parameter) => advice.On(new ArgumentException(advice.Message, parameter));
}
