namespace Quantization.Onnx;

/// <summary>What a model scored on the scoring samples. Immutable.</summary>
/// <param name="Ranked">The figure of the metric that models are ranked by.</param>
/// <param name="Figures">
/// The figures of the library's own metrics, each with its unit, its direction and the number of samples that it rests on.
/// </param>
public sealed record TrialScore(MetricFigure Ranked, ModelFigures Figures)
{
    /// <summary>What each sample scored.</summary>
    internal SampleFigures Samples { get; init; } = SampleFigures.None;

    /// <summary>The value of <see cref="Ranked"/>.</summary>
    public double Score => Ranked.Value;

    /// <summary>The value of <see cref="ModelFigures.Top1"/>; null where there is none.</summary>
    public double? Top1 => Figures.Top1?.Value;

    /// <summary>The value of <see cref="ModelFigures.Agreement"/>; null where there is none.</summary>
    public double? Agreement => Figures.Agreement?.Value;

    /// <summary>The value of <see cref="ModelFigures.SignalToNoise"/> in dB; NaN where there is none.</summary>
    public double SignalToNoise => Figures.SignalToNoise?.Value ?? double.NaN;

    /// <summary>The value of <see cref="ModelFigures.Cosine"/>; NaN where there is none.</summary>
    public double Cosine => Figures.Cosine?.Value ?? double.NaN;

    /// <summary>The value of <see cref="ModelFigures.KullbackLeibler"/> in nats; null where there is none.</summary>
    public double? KullbackLeibler => Figures.KullbackLeibler?.Value;
}
