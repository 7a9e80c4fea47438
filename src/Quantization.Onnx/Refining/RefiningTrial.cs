namespace Quantization.Onnx;

/// <summary>A plan with its loss on each judging sample.</summary>
/// <param name="Refined">The plan and its model.</param>
/// <param name="Losses">The losses; see <see cref="FloatReference"/>.</param>
internal sealed record RefiningTrial(RefinedModel Refined, double[] Losses)
{
    /// <summary>The mean loss.</summary>
    public double Loss { get; } = Losses.Average();

    /// <summary>The mean of the losses' logarithms to base 2, so that no single sample decides.</summary>
    public double Level { get; } = Losses.Average(SampleLoss.LevelOf);

    /// <summary>The geometric mean of the losses: the loss of a typical sample.</summary>
    public double TypicalLoss => Math.Max(0, Math.Pow(2, Level) - SampleLoss.Negligible);

    /// <summary>Whether the level is lower by more than chance would have it.</summary>
    /// <param name="other">The other trial.</param>
    /// <param name="errors">By how many standard errors the mean of the samples' differences must be beyond 0.</param>
    public bool IsBetterThan(RefiningTrial other, double errors)
    {
        double[] gains = [.. other.Losses.Zip(Losses, (theirs, own) => SampleLoss.LevelOf(theirs) - SampleLoss.LevelOf(own))];
        double mean = gains.Average();
        double variance = gains.Length < 2 ? 0 : gains.Sum(gain => (gain - mean) * (gain - mean)) / (gains.Length - 1);
        return mean > errors * Math.Sqrt(variance / gains.Length);
    }
}
