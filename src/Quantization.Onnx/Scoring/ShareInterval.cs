namespace Quantization.Onnx;

/// <summary>The 95 % confidence interval of a share.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
internal readonly record struct ShareInterval(double Low, double High)
{
    /// <summary>The deviation of the normal distribution that leaves 2.5 % on each side.</summary>
    public const double Deviation = 1.959964;

    /// <summary>The interval of a share that was counted on samples (Wilson's score interval, 1927).</summary>
    /// <param name="share">The share, 0 … 1.</param>
    /// <param name="samples">How many samples it was counted on; at least 1.</param>
    public static ShareInterval Of(double share, int samples)
    {
        double square = Deviation * Deviation, weight = 1 + (square / samples);
        double centre = (share + (square / (2 * samples))) / weight;
        double half = Deviation / weight * Math.Sqrt((share * (1 - share) / samples) + (square / (4.0 * samples * samples)));
        return new ShareInterval(Math.Max(0, centre - half), Math.Min(1, centre + half));
    }

    /// <summary>
    /// The interval of a loss of accuracy between two models on the same samples (Agresti and Min, 2005). Samples that both models answer
    /// alike cannot lose anything, so the models' agreement bounds what chance can do.
    /// </summary>
    /// <param name="loss">The accuracy of the first less that of the second.</param>
    /// <param name="agreement">
    /// The share of samples that both answer alike; null where it is not known, which gives the widest interval.
    /// </param>
    /// <param name="samples">How many samples have a label; at least 1.</param>
    public static ShareInterval OfLoss(double loss, double? agreement, int samples)
    {
        double lost = loss * samples, all = samples + 2;
        double different = Math.Max(Math.Abs(lost), (1 - (agreement ?? 0)) * samples);
        double half = Deviation * Math.Sqrt(Math.Max(0, different + 1 - (lost * lost / all))) / all;
        double centre = lost / all;
        return new ShareInterval(Math.Max(-1, centre - half), Math.Min(1, centre + half));
    }
}
