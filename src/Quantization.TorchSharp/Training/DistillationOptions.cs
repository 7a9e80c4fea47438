namespace Quantization.TorchSharp;

/// <summary>What a student learns from its teacher.</summary>
public sealed record DistillationOptions
{
    private readonly double _labelShare = 0.5;
    private readonly double _temperature = 2;

    /// <summary>
    /// Divides the logits of both models before they become probabilities. The default is 2: the larger, the more the classes count that
    /// the teacher holds for unlikely.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double Temperature
    {
        get => _temperature;
        init => _temperature = value > 0 && double.IsFinite(value) ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The temperature must be above 0.");
    }

    /// <summary>
    /// The share of the loss on labels in the loss on results, 0 … 1; the teacher's logits make up the rest. The default is 0.5. Without
    /// labels the teacher's count alone.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 0 or above 1.</exception>
    public double LabelShare
    {
        get => _labelShare;
        init => _labelShare = value is >= 0 and <= 1 ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The share of the labels must be between 0 and 1.");
    }

    /// <summary>The layers whose results are compared too; the default is none.</summary>
    public IReadOnlyList<DistilledLayer> Layers { get; init; } = [];
}
