namespace Quantization.Reporting;

/// <summary>What the caller knows of a run and the results do not tell. Immutable.</summary>
public sealed record ReportContext
{
    /// <summary>How the samples that scored relate to those that calibrated; unknown by default.</summary>
    public SampleSets Samples { get; init; }

    /// <summary>
    /// How samples were prepared for the model, in words that fit behind a colon; null, the default, where that is not known.
    /// </summary>
    public string? Preprocessing { get; init; }
}
