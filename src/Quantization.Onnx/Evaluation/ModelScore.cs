namespace Quantization.Onnx;

/// <summary>The score, file size and latency of one model. Immutable.</summary>
/// <param name="ModelPath">The model's file.</param>
/// <param name="FileSize">The bytes of the file.</param>
/// <param name="Figures">
/// The figures of the library's own metrics, each with its unit, its direction and the number of samples that it rests on. The reference
/// itself has an agreement of 1 and a ratio of +∞.
/// </param>
/// <param name="Metrics">The figures of <see cref="EvaluationOptions.Metrics"/>, in their order.</param>
/// <param name="Outputs">How near each output of floats is to the reference's, in the model's order.</param>
/// <param name="MedianLatency">
/// The median time of one run; the models take turns in the same process, so that they meet the same conditions.
/// </param>
/// <param name="TimedRuns">How many runs the median is of.</param>
public sealed record ModelScore(
    string ModelPath,
    long FileSize,
    ModelFigures Figures,
    IReadOnlyList<MetricFigure> Metrics,
    IReadOnlyList<OutputFigures> Outputs,
    TimeSpan MedianLatency,
    int TimedRuns)
{
    /// <summary>The figures of <see cref="EvaluationOptions.Metrics"/>, in their order.</summary>
    public IReadOnlyList<MetricFigure> Metrics
    {
        get;
        init => field = ValueList<MetricFigure>.Of(value, nameof(Metrics));
    } = ValueList<MetricFigure>.Of(Metrics, nameof(Metrics));

    /// <summary>How near each output of floats is to the reference's, in the model's order.</summary>
    public IReadOnlyList<OutputFigures> Outputs
    {
        get;
        init => field = ValueList<OutputFigures>.Of(value, nameof(Outputs));
    } = ValueList<OutputFigures>.Of(Outputs, nameof(Outputs));

    /// <summary>
    /// How far the times of single runs lie apart: the range of their middle half, as a share of <see cref="MedianLatency"/>; null where it
    /// is not known.
    /// </summary>
    public double? LatencySpread { get; init; }

    /// <summary>The value of <see cref="ModelFigures.Top1"/>; null where there is none.</summary>
    public double? Top1 => Figures.Top1?.Value;

    /// <summary>The value of <see cref="ModelFigures.Agreement"/>; null where there is none.</summary>
    public double? Agreement => Figures.Agreement?.Value;

    /// <summary>The value of <see cref="ModelFigures.SignalToNoise"/> in dB, of the worst output; null where there is none.</summary>
    public double? SignalToNoise => Figures.SignalToNoise?.Value;

    /// <summary>The value of <see cref="ModelFigures.Cosine"/>, of the worst output; null where there is none.</summary>
    public double? Cosine => Figures.Cosine?.Value;

    /// <summary>The value of <see cref="ModelFigures.KullbackLeibler"/> in nats; null where there is none.</summary>
    public double? KullbackLeibler => Figures.KullbackLeibler?.Value;

    /// <summary>The value of <see cref="ModelFigures.Perplexity"/>; null where there is none.</summary>
    public double? Perplexity => Figures.Perplexity?.Value;
}
