namespace Quantization.Onnx;

/// <summary>
/// What models are measured and ranked by. Each metric has one definition, which evaluation, search, partial quantization and sensitivity
/// share. The reference is the float model, or the first model of an evaluation. Immutable and safe to share; a metric of the caller's
/// own must be safe to call from several threads at once.
/// </summary>
/// <remarks>
/// <see cref="Top1"/>, <see cref="Agreement"/> and <see cref="KullbackLeibler"/> look at rows of classes. These are in one output, the
/// logits: the first output of floats, or the one that <see cref="EvaluationOptions.Logits"/> names. An output <c>[N, classes]</c> has a
/// row for each sample, <c>[N, steps, classes]</c> a row for each step. Axes of length 1 behind the second do not count. Outputs of fewer
/// or more axes, or of fewer than two classes, have no rows. The largest value of a row tells the class; the first one where several are
/// equal. Where a sample has tokens and an <c>attention_mask</c>, and the logits have a row for each token, rows of masked tokens do not
/// count. <see cref="SignalToNoise"/> and <see cref="Cosine"/> look at every output of floats, regardless of its shape.
/// </remarks>
public sealed class ModelMetric
{
    private ModelMetric(
        string name,
        MetricUnit unit,
        bool largerIsBetter,
        MetricKind kind,
        Func<IEnumerable<SampleOutputs>, double>? measure = null,
        string? version = null)
    {
        Name = name;
        Unit = unit;
        LargerIsBetter = largerIsBetter;
        Kind = kind;
        Measure = measure;
        Version = version;
    }

    /// <summary>
    /// The share of labelled samples whose largest logit stands at the label's class, 0 … 1. Samples with one row of logits count.
    /// </summary>
    public static ModelMetric Top1 { get; } = new("top-1 accuracy", MetricUnit.Share, true, MetricKind.Top1);

    /// <summary>The share of rows of the logits whose largest value stands at the same class as the reference's, 0 … 1.</summary>
    public static ModelMetric Agreement { get; } =
        new("top-1 agreement with the float model", MetricUnit.Share, true, MetricKind.Agreement);

    /// <summary>
    /// The signal-to-quantization-noise ratio of the outputs in dB, <c>10 · log₁₀(Σ y² / Σ (y − ŷ)²)</c> with y the reference's values
    /// and the sums over all samples; +∞ where nothing differs. The worst output's where there are several.
    /// </summary>
    public static ModelMetric SignalToNoise { get; } = new("SQNR of the outputs", MetricUnit.Decibels, true, MetricKind.SignalToNoise);

    /// <summary>
    /// The cosine of the outputs, <c>Σ y·ŷ / √(Σ y² · Σ ŷ²)</c>; 1 where nothing differs. The worst output's where there are several.
    /// </summary>
    public static ModelMetric Cosine { get; } = new("cosine of the outputs", MetricUnit.None, true, MetricKind.Cosine);

    /// <summary>
    /// The Kullback–Leibler divergence of the class distributions, <c>Σ p · ln(p / q)</c> in nats with p the reference's probabilities:
    /// the mean over the rows of the logits. Where a row of the reference's has no negative value and sums to 1 within 0.001 it is taken
    /// for probabilities, otherwise the softmax of both models' rows is. Probabilities count as 10⁻¹² at least. Smaller is better.
    /// </summary>
    public static ModelMetric KullbackLeibler { get; } =
        new("KL divergence of the outputs", MetricUnit.Nats, false, MetricKind.KullbackLeibler);

    /// <summary>
    /// The perplexity of a language model: the exponential of the mean negative log-likelihood of each next token. The tokens are the
    /// samples' <c>input_ids</c> (or the only input, where it has no name), the logits <c>[batch, sequence, vocabulary]</c>. A token counts
    /// where <c>attention_mask</c> lets it and the one before it through. Smaller is better. It means nothing for a model that sees later
    /// tokens.
    /// </summary>
    public static ModelMetric Perplexity { get; } = new("perplexity", MetricUnit.None, false, MetricKind.Perplexity);

    /// <summary>What reports call the figure.</summary>
    public string Name { get; }

    /// <summary>The unit of the figure.</summary>
    public MetricUnit Unit { get; }

    /// <summary>Whether a larger figure is a better one.</summary>
    public bool LargerIsBetter { get; }

    /// <summary>Tells a custom metric from others of the same name in files of trials; null where the name tells.</summary>
    public string? Version { get; }

    /// <summary>Whether the figure is of a model alone, not of its distance from the reference.</summary>
    internal bool IsOfOneModel => Kind is MetricKind.Top1 or MetricKind.Perplexity;

    /// <summary>Where the embeddings come from that the metric looks at; null where it looks at none.</summary>
    internal EmbeddingOutput? Embeddings { get; private init; }

    internal MetricKind Kind { get; }

    internal Func<IEnumerable<SampleOutputs>, double>? Measure { get; }

    /// <summary>
    /// The mean cosine of each sample's embedding and the reference's; 1 where nothing differs. An embedding is the mean of an output over
    /// the positions that a mask leaves.
    /// </summary>
    /// <param name="source">Where the embeddings come from; see <see cref="EmbeddingOutput.Find"/>.</param>
    public static ModelMetric EmbeddingCosine(EmbeddingOutput source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return EmbeddingMetrics.Cosine(source);
    }

    /// <summary>
    /// The share of each sample's nearest other samples, by the cosine of embeddings, that are the same with the reference, 0 … 1. Up to
    /// 2,000 samples are looked up among all. Embeddings of all samples are in memory.
    /// </summary>
    /// <param name="source">Where the embeddings come from; see <see cref="EmbeddingOutput.Find"/>.</param>
    /// <param name="neighbours">How many are the nearest; 10 by default.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="neighbours"/> is below 1.</exception>
    public static ModelMetric NeighbourRecall(EmbeddingOutput source, int neighbours = 10)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(neighbours, 1);
        return EmbeddingMetrics.Recall(source, neighbours);
    }

    /// <summary>
    /// Spearman's rank correlation of the cosine of two samples' embeddings with a score of how alike they are, −1 … 1. Pairs of samples
    /// that are not scored with are left out.
    /// </summary>
    /// <param name="source">Where the embeddings come from; see <see cref="EmbeddingOutput.Find"/>.</param>
    /// <param name="pairs">The pairs with their scores; see <see cref="ScoredPair.Read"/>.</param>
    public static ModelMetric ScoreCorrelation(EmbeddingOutput source, IReadOnlyList<ScoredPair> pairs)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(pairs);
        return EmbeddingMetrics.Correlation(source, [.. pairs]);
    }

    /// <summary>Makes a custom metric.</summary>
    /// <param name="name">What reports call it, such as <c>character error rate</c>.</param>
    /// <param name="measure">
    /// Turns a model's outputs, one sample after another, into a figure that is not NaN. The model runs while the sequence is enumerated;
    /// it can be enumerated once. Called for several models at the same time, each time on a thread of its own.
    /// </param>
    /// <param name="largerIsBetter">Whether a larger figure is a better one; false for error rates.</param>
    /// <param name="version">
    /// What changes whenever <paramref name="measure"/> would give other figures: a version of its code, a hash of what it compares with.
    /// Kept trials (<see cref="SearchOptions.TrialsPath"/>, <see cref="PartialOptions.TrialsPath"/>) are found again only for the same
    /// name and version, since no library can tell whether code has changed. Null, the default, where the name alone tells.
    /// </param>
    /// <param name="unit">The unit of the figure. With <see cref="MetricUnit.Share"/> reports show it as a percentage.</param>
    public static ModelMetric Create(
        string name,
        Func<IEnumerable<SampleOutputs>, double> measure,
        bool largerIsBetter = true,
        string? version = null,
        MetricUnit unit = MetricUnit.None)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(measure);
        return Enum.IsDefined(unit)
            ? new ModelMetric(name, unit, largerIsBetter, MetricKind.Custom, measure, version)
            : throw new ArgumentOutOfRangeException(
                nameof(unit), unit, $"The unit of the metric '{name}' is no MetricUnit; take one of its values.");
    }

    /// <summary>Makes a metric of embeddings.</summary>
    internal static ModelMetric Create(
        string name, EmbeddingOutput source, Func<IEnumerable<SampleOutputs>, double> measure, string version, MetricUnit unit) =>
        new(name, unit, true, MetricKind.Custom, measure, version) { Embeddings = source };

    /// <summary>The metric's name.</summary>
    public override string ToString() => Name;

    /// <summary>Orders figures: positive where <paramref name="left"/> is better.</summary>
    internal int Compare(double left, double right) => LargerIsBetter ? left.CompareTo(right) : right.CompareTo(left);
}
