namespace Quantization.Onnx;

/// <summary>One of two models as JSON has it.</summary>
internal sealed record ComparedModelFacts(
    string Model,
    long Bytes,
    long MemoryBytes,
    double Milliseconds,
    double? Top1,
    double? Agreement,
    double? SignalToNoise,
    double? Cosine,
    double? KullbackLeibler,
    double? Perplexity,
    IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>The facts of a model.</summary>
    public static ComparedModelFacts Of(ModelScore score, long memory) => new(
        score.ModelPath,
        score.FileSize,
        memory,
        score.MedianLatency.TotalMilliseconds,
        score.Top1,
        score.Agreement,
        ComparisonFacts.Finite(score.SignalToNoise),
        score.Cosine,
        ComparisonFacts.Finite(score.KullbackLeibler),
        ComparisonFacts.Finite(score.Perplexity),
        score.Metrics.Where(figure => double.IsFinite(figure.Value))
            .GroupBy(figure => figure.Metric.Name).ToDictionary(group => group.Key, group => group.First().Value));
}
