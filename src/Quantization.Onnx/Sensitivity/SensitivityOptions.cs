namespace Quantization.Onnx;

/// <summary>How the sensitivity of layers is measured. Immutable.</summary>
public sealed record SensitivityOptions
{
    /// <summary>How layers are quantized. Its <see cref="PtqOptions.FloatNodes"/> stay in float throughout and are not measured.</summary>
    public PtqOptions Baseline { get; init; } = new();

    /// <summary>
    /// The measures to take. The default: <see cref="SensitivityMeasure.EstimatedNoise"/>, <see cref="SensitivityMeasure.OnlyThisLayer"/>,
    /// <see cref="SensitivityMeasure.AllButThisLayer"/>.
    /// </summary>
    public IReadOnlyList<SensitivityMeasure> Measures
    {
        get;
        init => field = ValueList<SensitivityMeasure>.Of(value, nameof(Measures));
    } = ValueList<SensitivityMeasure>.Of(
    [
        SensitivityMeasure.EstimatedNoise, SensitivityMeasure.OnlyThisLayer, SensitivityMeasure.AllButThisLayer,
    ]);

    /// <summary>
    /// The user's metric; null, the default, for <see cref="ModelMetric.Top1"/> where every sample has a label, else
    /// <see cref="ModelMetric.SignalToNoise"/>.
    /// </summary>
    public ModelMetric? Metric { get; init; }

    /// <summary>How many samples are joined for one run, where the model's batch axis is free; at least 1, the default.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>
    /// How many models are scored at the same time; the samples are then enumerated by several threads at once. The default is one per
    /// processor. The figures do not depend on it.
    /// </summary>
    public int MaxParallelTrials { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Where the scores of finished trials are kept, as <see cref="SearchOptions.TrialsPath"/> says; null, the default, to keep nothing.
    /// </summary>
    public string? TrialsPath { get; init; }

    /// <summary>Refuses impossible options.</summary>
    internal void ThrowUnlessPossible()
    {
        ArgumentNullException.ThrowIfNull(Baseline);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxParallelTrials, 1);
        if (Measures is null or [])
        {
            throw new ArgumentException(
                "SensitivityOptions.Measures is empty, so there is nothing to measure; name at least one.", nameof(Measures));
        }

        foreach (SensitivityMeasure measure in Measures)
        {
            if (!Enum.IsDefined(measure))
            {
                throw new ArgumentException(
                    $"SensitivityOptions.Measures names {measure}, which is no SensitivityMeasure.", nameof(Measures));
            }
        }
    }
}
