namespace Quantization.Onnx;

/// <summary>A score as the file of trials keeps it. The metric that ranks is not in the file: the key of the trial tells it.</summary>
/// <param name="Ranked">The figure of the metric that ranks.</param>
/// <param name="Top1">The figure of <see cref="ModelFigures.Top1"/>; NaN where there is none, as in all others.</param>
/// <param name="Agreement">The figure of <see cref="ModelFigures.Agreement"/>.</param>
/// <param name="SignalToNoise">The figure of <see cref="ModelFigures.SignalToNoise"/>.</param>
/// <param name="Cosine">The figure of <see cref="ModelFigures.Cosine"/>.</param>
/// <param name="KullbackLeibler">The figure of <see cref="ModelFigures.KullbackLeibler"/>.</param>
internal sealed record KeptScore(
    KeptFigure Ranked, KeptFigure Top1, KeptFigure Agreement, KeptFigure SignalToNoise, KeptFigure Cosine, KeptFigure KullbackLeibler)
{
    /// <summary>What each sample scored.</summary>
    public SampleFigures Samples { get; init; } = SampleFigures.None;

    /// <summary>How many figures a score has.</summary>
    public const int Count = 6;

    /// <summary>The figures in the order of the file.</summary>
    public IEnumerable<KeptFigure> Figures => [Ranked, Top1, Agreement, SignalToNoise, Cosine, KullbackLeibler];

    /// <summary>What to keep of a score.</summary>
    public static KeptScore Of(TrialScore score) => new(
        KeptFigure.Of(score.Ranked),
        KeptFigure.Of(score.Figures.Top1),
        KeptFigure.Of(score.Figures.Agreement),
        KeptFigure.Of(score.Figures.SignalToNoise),
        KeptFigure.Of(score.Figures.Cosine),
        KeptFigure.Of(score.Figures.KullbackLeibler)) { Samples = score.Samples };

    /// <summary>A score from its figures in the order of the file.</summary>
    /// <param name="figures">The figures.</param>
    /// <param name="samples">What each sample scored.</param>
    public static KeptScore Of(ReadOnlySpan<KeptFigure> figures, SampleFigures samples) =>
        new(figures[0], figures[1], figures[2], figures[3], figures[4], figures[5]) { Samples = samples };

    /// <summary>The score again.</summary>
    /// <param name="metric">The metric that ranks.</param>
    public TrialScore ToScore(ModelMetric metric) => new(
        new MetricFigure(metric, Ranked.Value, Ranked.Samples),
        new ModelFigures(
            Top1.ToFigure(ModelMetric.Top1),
            Agreement.ToFigure(ModelMetric.Agreement),
            SignalToNoise.ToFigure(ModelMetric.SignalToNoise),
            Cosine.ToFigure(ModelMetric.Cosine),
            KullbackLeibler.ToFigure(ModelMetric.KullbackLeibler))
        {
            Perplexity = metric == ModelMetric.Perplexity ? new MetricFigure(metric, Ranked.Value, Ranked.Samples) : null,
        }) { Samples = Samples };
}
