namespace Quantization.Onnx;

/// <summary>What one model scored by one metric. Immutable.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Value">The figure, in the metric's unit.</param>
/// <param name="Samples">How many samples the figure rests on. A sample that holds a batch counts once.</param>
public sealed record MetricFigure(ModelMetric Metric, double Value, int Samples)
{
    /// <summary>The unit of <see cref="Value"/>.</summary>
    public MetricUnit Unit => Metric.Unit;

    /// <summary>Whether a larger <see cref="Value"/> is better.</summary>
    public bool LargerIsBetter => Metric.LargerIsBetter;
}
