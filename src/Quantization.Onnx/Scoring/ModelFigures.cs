namespace Quantization.Onnx;

/// <summary>
/// What a model scores by the library's own metrics, beside the reference model. Evaluation, search, partial quantization and sensitivity
/// all report these figures, and all compute them the same way. Immutable.
/// </summary>
/// <param name="Top1">The figure of <see cref="ModelMetric.Top1"/>; null where no labelled sample has one row of logits.</param>
/// <param name="Agreement">The figure of <see cref="ModelMetric.Agreement"/>; null where the logits have no rows of classes.</param>
/// <param name="SignalToNoise">
/// The figure of <see cref="ModelMetric.SignalToNoise"/>, of the worst output; null where no output holds floats.
/// </param>
/// <param name="Cosine">The figure of <see cref="ModelMetric.Cosine"/>, of the worst output; null where no output holds floats.</param>
/// <param name="KullbackLeibler">
/// The figure of <see cref="ModelMetric.KullbackLeibler"/>; null where the logits have no rows of classes.
/// </param>
public sealed record ModelFigures(
    MetricFigure? Top1, MetricFigure? Agreement, MetricFigure? SignalToNoise, MetricFigure? Cosine, MetricFigure? KullbackLeibler)
{
    /// <summary>
    /// The figure of <see cref="ModelMetric.Perplexity"/>; null where the samples are not of tokens, or the logits do not predict tokens.
    /// </summary>
    public MetricFigure? Perplexity { get; init; }

    /// <summary>The figure of one of the library's own metrics.</summary>
    /// <param name="metric">The metric; not a custom one.</param>
    /// <param name="uncounted">Why a labelled sample does not count for accuracy; null where all do.</param>
    /// <exception cref="InvalidDataException">The outputs or samples have no such figure.</exception>
    internal MetricFigure Get(ModelMetric metric, Advice? uncounted) => metric.Kind switch
    {
        MetricKind.Top1 => Top1 ?? throw new InvalidDataException(uncounted is null
            ? "No scoring sample has a label, so there is no top-1 accuracy; give labels, or take another metric."
            : $"No scoring sample has a label and one row of logits, so there is no top-1 accuracy; take another metric. "
                + $"{TrialsAdvice.Uncounted(uncounted)}."),
        MetricKind.Agreement => Agreement ?? throw NoRows("agreement"),
        MetricKind.KullbackLeibler => KullbackLeibler ?? throw NoRows("divergence"),
        MetricKind.Perplexity => Perplexity ?? throw new InvalidDataException(
            "The samples and the logits are not those of a language model, so there is no perplexity; give tokens "
                + "as 'input_ids' and logits "
            + "[batch, sequence, vocabulary], or take another metric."),
        MetricKind.SignalToNoise => SignalToNoise ?? throw NoFloats(metric),
        MetricKind.Cosine => Cosine ?? throw NoFloats(metric),
        _ => throw new ArgumentException(
            $"'{metric.Name}' is a custom metric, so the library has no figure for it.", nameof(metric)),
    };

    private static InvalidDataException NoRows(string figure)
    {
        Advice advice = TrialsAdvice.NoClassRows(figure);
        return advice.On(new InvalidDataException(advice.Message));
    }

    private static InvalidDataException NoFloats(ModelMetric metric) => new(
        $"The model has no output of floats, so there is no {metric.Name}.");
}
