namespace Quantization.Onnx;

/// <summary>Where a metric's figure comes from.</summary>
internal enum MetricKind
{
    Top1,
    Agreement,
    SignalToNoise,
    Cosine,
    KullbackLeibler,
    Perplexity,
    Custom,
}
