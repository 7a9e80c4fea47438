namespace Quantization.Onnx;

/// <summary>How sensitive the layers of a model are. Immutable.</summary>
public sealed record SensitivityResult
{
    /// <summary>The weighted layers that can be quantized, in the order in which they run.</summary>
    public required IReadOnlyList<LayerSensitivity> Layers
    {
        get;
        init => field = ValueList<LayerSensitivity>.Of(value, nameof(Layers));
    }

    /// <summary>The orders, one for each figure of each measure that was taken.</summary>
    public required IReadOnlyList<SensitivityRanking> Rankings
    {
        get;
        init => field = ValueList<SensitivityRanking>.Of(value, nameof(Rankings));
    }

    /// <summary>What each measure cost.</summary>
    public required IReadOnlyDictionary<SensitivityMeasure, MeasureCost> Costs
    {
        get;
        init => field = ValueDictionary<SensitivityMeasure, MeasureCost>.Of(value, nameof(Costs));
    }

    /// <summary>The user's metric.</summary>
    public required ModelMetric Metric { get; init; }

    /// <summary>What the float model scores.</summary>
    public required TrialScore FloatScore { get; init; }

    /// <summary>What the model scores with all layers quantized.</summary>
    public required TrialScore QuantizedScore { get; init; }

    /// <summary>How many samples scored.</summary>
    public required int Samples { get; init; }

    /// <summary>The order by one figure of one measure.</summary>
    /// <exception cref="ArgumentException">It was not measured.</exception>
    public SensitivityRanking Rank(SensitivityMeasure measure, SensitivityCriterion criterion) =>
        Rankings.FirstOrDefault(ranking => ranking.Measure == measure && ranking.Criterion == criterion)
        ?? throw new ArgumentException($"{measure} was not measured by {criterion}; there are "
            + $"{string.Join(", ", Rankings.Select(ranking => $"{ranking.Measure} by {ranking.Criterion}"))}.");
}
