namespace Quantization.Onnx;

/// <summary>
/// What each sample scored with a model: two models can be compared in pairs, sample by sample. Equal by value.
/// </summary>
/// <param name="levels">The levels of the losses; see <see cref="Levels"/>.</param>
/// <param name="shares">The shares; see <see cref="Shares"/>. As many as levels.</param>
internal sealed class SampleFigures(float[] levels, float[] shares) : IEquatable<SampleFigures>
{
    /// <summary>How many samples are kept: more would show no difference that matters.</summary>
    public const int MostSamples = 4096;

    /// <summary>No samples.</summary>
    public static SampleFigures None { get; } = new([], []);

    /// <summary>
    /// The level of each sample's loss: <c>log₂(loss + 1/5,000)</c>, where the loss is the mean over the outputs of
    /// <c>min(1, Σ(ŷ − y)² / Σy²)</c>.
    /// </summary>
    public ReadOnlySpan<float> Levels => levels;

    /// <summary>The share of each sample's rows that the metric counts as right, 0 … 1; NaN where it counts nothing.</summary>
    public ReadOnlySpan<float> Shares => shares;

    /// <summary>How many samples there are.</summary>
    public int Count => levels.Length;

    /// <summary>The mean level.</summary>
    public double MeanLevel => levels.Length == 0 ? double.NaN : levels.Average(level => (double)level);

    public bool Equals(SampleFigures? other) =>
        other is not null && Levels.SequenceEqual(other.Levels) && Shares.SequenceEqual(other.Shares);

    public override bool Equals(object? obj) => Equals(obj as SampleFigures);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (float level in levels)
        {
            hash.Add(level);
        }

        return hash.ToHashCode();
    }
}
