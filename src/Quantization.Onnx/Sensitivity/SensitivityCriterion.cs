namespace Quantization.Onnx;

/// <summary>By which figure of a model the sensitivity of a layer is read.</summary>
public enum SensitivityCriterion
{
    /// <summary>The expected ratio of noise to signal, the figure of <see cref="SensitivityMeasure.EstimatedNoise"/>.</summary>
    NoiseToSignal,

    /// <summary>The user's metric.</summary>
    Metric,

    /// <summary>The SQNR of the outputs: <see cref="ModelMetric.SignalToNoise"/>.</summary>
    SignalToNoise,

    /// <summary>The cosine of the outputs: <see cref="ModelMetric.Cosine"/>.</summary>
    Cosine,

    /// <summary>The divergence of the class distributions: <see cref="ModelMetric.KullbackLeibler"/>.</summary>
    KullbackLeibler,
}
