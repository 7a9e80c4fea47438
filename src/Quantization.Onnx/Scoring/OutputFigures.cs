namespace Quantization.Onnx;

/// <summary>How near one output is to the reference model's. Immutable.</summary>
/// <param name="Name">The output's name.</param>
/// <param name="SignalToNoise">The figure of <see cref="ModelMetric.SignalToNoise"/> for this output alone.</param>
/// <param name="Cosine">The figure of <see cref="ModelMetric.Cosine"/> for this output alone.</param>
public sealed record OutputFigures(string Name, MetricFigure SignalToNoise, MetricFigure Cosine);
