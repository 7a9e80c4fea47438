namespace Quantization.Onnx;

/// <summary>The figures of a trial, as <see cref="KeptScore"/> keeps them.</summary>
/// <param name="Values">The figures.</param>
/// <param name="Counts">How many samples each rests on.</param>
/// <param name="Levels">See <see cref="SampleFigures.Levels"/>.</param>
/// <param name="Shares">See <see cref="SampleFigures.Shares"/>.</param>
internal sealed record TrialFigures(double[] Values, int[] Counts, float[] Levels, float[] Shares)
{
    /// <summary>What travels of a score.</summary>
    public static TrialFigures Of(TrialScore score)
    {
        KeptFigure[] figures = [.. KeptScore.Of(score).Figures];
        return new TrialFigures(
            [.. figures.Select(figure => figure.Value)],
            [.. figures.Select(figure => figure.Samples)],
            [.. score.Samples.Levels],
            [.. score.Samples.Shares]);
    }

    /// <summary>The score again.</summary>
    /// <param name="metric">The metric that ranks.</param>
    public TrialScore ToScore(ModelMetric metric)
    {
        KeptFigure[] figures = [.. Values.Zip(Counts, (value, count) => new KeptFigure(value, count))];
        return KeptScore.Of(figures, new SampleFigures(Levels, Shares)).ToScore(metric);
    }
}
