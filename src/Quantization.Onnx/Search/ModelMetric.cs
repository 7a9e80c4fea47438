namespace Quantization.Onnx;

/// <summary>The figure that models are ranked by. Immutable and safe to share; a metric of the caller's own must be safe to call from several threads at once.</summary>
public sealed class ModelMetric
{
    private ModelMetric(string name, bool largerIsBetter, MetricKind kind, Func<IEnumerable<SampleOutputs>, double>? measure, string? version = null)
    {
        Name = name;
        LargerIsBetter = largerIsBetter;
        Kind = kind;
        Measure = measure;
        Version = version;
    }

    /// <summary>The share of labelled samples whose largest logit stands at the label's class, 0 … 1.</summary>
    public static ModelMetric Top1 { get; } = new("top-1 accuracy", true, MetricKind.Top1, null);

    /// <summary>The share of samples whose largest logit stands at the same class as the float model's, 0 … 1.</summary>
    public static ModelMetric Agreement { get; } = new("top-1 agreement with the float model", true, MetricKind.Agreement, null);

    /// <summary>The signal-to-quantization-noise ratio of the outputs in dB, <c>10 · log₁₀(Σ y² / Σ (y − ŷ)²)</c>, the worst output's where there are several.</summary>
    public static ModelMetric SignalToNoise { get; } = new("SQNR of the outputs", true, MetricKind.SignalToNoise, null);

    /// <summary>The cosine of the outputs, <c>Σ y·ŷ / √(Σ y² · Σ ŷ²)</c>, the worst output's where there are several.</summary>
    public static ModelMetric Cosine { get; } = new("cosine of the outputs", true, MetricKind.Cosine, null);

    /// <summary>
    /// The Kullback–Leibler divergence of the class distributions, <c>Σ p · ln(p / q)</c> in nats with p the float model's probabilities: the mean over the rows of the first output, <c>[N, classes]</c> or
    /// <c>[N, steps, classes]</c>. Where a row of the float model's has no negative value and sums to 1 within 0.001 it is taken for probabilities, otherwise the softmax of both models' rows is. Probabilities count
    /// as 10⁻¹² at least. Smaller is better.
    /// </summary>
    public static ModelMetric KullbackLeibler { get; } = new("KL divergence of the outputs", false, MetricKind.KullbackLeibler, null);

    /// <summary>What reports call the figure.</summary>
    public string Name { get; }

    /// <summary>Whether a larger figure is a better one.</summary>
    public bool LargerIsBetter { get; }

    /// <summary>Tells a metric of the caller's own from others of the same name in files of trials; null where the name tells.</summary>
    public string? Version { get; }

    internal MetricKind Kind { get; }

    internal Func<IEnumerable<SampleOutputs>, double>? Measure { get; }

    /// <summary>Makes a metric of the caller's own.</summary>
    /// <param name="name">What reports call it, such as <c>character error rate</c>.</param>
    /// <param name="measure">
    /// Turns a model's outputs, one sample after another, into a figure that is not NaN. The model runs while the sequence is enumerated; it can be enumerated once. Called for several models at the same time.
    /// </param>
    /// <param name="largerIsBetter">Whether a larger figure is a better one; false for error rates.</param>
    /// <param name="version">
    /// What changes whenever <paramref name="measure"/> would give other figures: a version of its code, a hash of what it compares with. Kept trials (<see cref="SearchOptions.TrialsPath"/>,
    /// <see cref="PartialOptions.TrialsPath"/>) are found again only for the same name and version, since no library can tell whether code has changed. Null, the default, where the name alone tells.
    /// </param>
    public static ModelMetric Create(string name, Func<IEnumerable<SampleOutputs>, double> measure, bool largerIsBetter = true, string? version = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(measure);
        return new ModelMetric(name, largerIsBetter, MetricKind.Custom, measure, version);
    }

    /// <summary>The metric's name.</summary>
    public override string ToString() => Name;

    /// <summary>Orders figures: positive where <paramref name="left"/> is better.</summary>
    internal int Compare(double left, double right) => LargerIsBetter ? left.CompareTo(right) : right.CompareTo(left);
}
