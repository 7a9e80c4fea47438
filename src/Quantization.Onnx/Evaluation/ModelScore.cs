namespace Quantization.Onnx;

/// <summary>What one model scored. Immutable.</summary>
/// <param name="ModelPath">The model's file.</param>
/// <param name="FileSize">The bytes of the file.</param>
/// <param name="Top1">The share of labelled samples whose largest logit is the label's, 0 … 1; null where no sample has a label.</param>
/// <param name="Agreement">
/// The share of rows of the logits whose largest value stands at the same class as the reference's, 0 … 1; 1 for the reference itself, null where the logits are no
/// floats of shape [N, classes] or [N, steps, classes].
/// </param>
/// <param name="SignalToNoise">
/// The signal-to-quantization-noise ratio of each float output in dB, by the output's name: <c>10 · log₁₀(Σ y² / Σ (y − ŷ)²)</c> with y the reference's values, summed over
/// all samples; +∞ where nothing differs.
/// </param>
/// <param name="MedianLatency">The median time of one run; the models take turns in the same process, so that they meet the same conditions.</param>
/// <param name="TimedRuns">How many runs the median is of.</param>
public sealed record ModelScore(
    string ModelPath,
    long FileSize,
    double? Top1,
    double? Agreement,
    IReadOnlyDictionary<string, double> SignalToNoise,
    TimeSpan MedianLatency,
    int TimedRuns)
{
    /// <summary>The lowest of <see cref="SignalToNoise"/> in dB; null where no output holds floats.</summary>
    public double? WorstSignalToNoise => SignalToNoise.Count == 0 ? null : SignalToNoise.Values.Min();
}
