namespace Quantization.Onnx;

/// <summary>A metric of the library, as it travels.</summary>
/// <param name="Kind">Which it is; <see cref="MetricKind.Custom"/> for the cosine of embeddings.</param>
/// <param name="Output">The output that holds embeddings; null where the metric looks at none.</param>
/// <param name="Mask">The input that masks positions of embeddings; null where none does.</param>
internal sealed record StoredMetric(MetricKind Kind, string? Output, string? Mask)
{
    private static readonly ModelMetric[] All =
    [ModelMetric.Top1, ModelMetric.Agreement, ModelMetric.SignalToNoise, ModelMetric.Cosine, ModelMetric.KullbackLeibler,
        ModelMetric.Perplexity];

    /// <summary>What travels of a metric.</summary>
    /// <exception cref="ArgumentException">The metric is code of the caller's own.</exception>
    public static StoredMetric Of(ModelMetric metric)
    {
        StoredMetric stored = new(metric.Kind, metric.Embeddings?.Output, metric.Embeddings?.Mask);
        return metric.Kind != MetricKind.Custom
            || (metric.Embeddings is { } source && ModelMetric.EmbeddingCosine(source).Name == metric.Name)
            ? stored
            : throw new ArgumentException(
                $"The metric '{metric.Name}' is code of this process, which workers do not have; rank by a built-in metric of the model's "
                    + "outputs, or try the models in this process.");
    }

    /// <summary>The metric again.</summary>
    public ModelMetric ToMetric() =>
        Output is null ? All.Single(metric => metric.Kind == Kind) : ModelMetric.EmbeddingCosine(new EmbeddingOutput(Output, Mask));
}
