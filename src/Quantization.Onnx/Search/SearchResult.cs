namespace Quantization.Onnx;

/// <summary>What a search found: the model that was written is the best one. Immutable.</summary>
public sealed record SearchResult : TrialsResult
{
    /// <summary>The trial that won.</summary>
    public required SearchTrial Best { get; init; }

    /// <summary>Plain post-training quantization, for comparison: <see cref="SearchOptions.Baseline"/>.</summary>
    public required SearchTrial Baseline { get; init; }

    /// <summary>
    /// How many of the scoring samples calibrated the written model too, so that its figures on other samples may be a little worse; 0
    /// where none did. Models are compared on samples that calibrated none of them; the best plan is then improved from all samples.
    /// </summary>
    public int CalibratedScoringSamples { get; init; }

    /// <summary>Every trial, in the order in which they were planned.</summary>
    public required IReadOnlyList<SearchTrial> Trials
    {
        get;
        init => field = ValueList<SearchTrial>.Of(value, nameof(Trials));
    }
}
