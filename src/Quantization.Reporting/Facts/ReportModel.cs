namespace Quantization.Reporting;

/// <summary>The score, file size and latency of one model. Immutable.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Score">The metric's figure; null where no search ranked it.</param>
/// <param name="Top1">The share of labelled samples whose largest logit is the label's; null where no sample has a label.</param>
/// <param name="Agreement">
/// The share of rows of the logits whose largest value stands where the float model's does; null for the float model, or where there are
/// no rows of classes.
/// </param>
/// <param name="SignalToNoise">The SQNR of the worst output in dB; null for the float model, or where it was not measured.</param>
/// <param name="Cosine">The cosine of the worst output; null for the float model, or where it was not measured.</param>
/// <param name="KullbackLeibler">
/// The mean divergence of the class distributions in nats; null for the float model, or where there are no rows of classes.
/// </param>
/// <param name="Bytes">The size of its file; null where none was written.</param>
/// <param name="MedianMilliseconds">The median time of a run; null where it was not measured.</param>
public sealed record ReportModel(
    string Name,
    double? Score,
    double? Top1,
    double? Agreement,
    double? SignalToNoise,
    double? Cosine,
    double? KullbackLeibler,
    long? Bytes,
    double? MedianMilliseconds)
{
    /// <summary>The perplexity of a language model; null for other models, or where it was not measured.</summary>
    public double? Perplexity { get; init; }

    /// <summary>The figures of further metrics, such as those of embeddings; empty where there are none.</summary>
    public IReadOnlyList<ReportFigure> Figures { get; init; } = [];
}
