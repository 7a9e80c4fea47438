namespace Quantization.Onnx;

/// <summary>What a search found. Immutable.</summary>
public sealed record SearchResult
{
    /// <summary>The model that was written: the best one.</summary>
    public required PtqResult Model { get; init; }

    /// <summary>The trial that won.</summary>
    public required SearchTrial Best { get; init; }

    /// <summary>Why it won, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Plain post-training quantization, for comparison: <see cref="SearchOptions.Baseline"/>.</summary>
    public required SearchTrial Baseline { get; init; }

    /// <summary>Every trial, in the order in which they were planned.</summary>
    public required IReadOnlyList<SearchTrial> Trials { get; init; }

    /// <summary>What the float model scored on the same samples.</summary>
    public required TrialScore FloatScore { get; init; }

    /// <summary>What the trials were ranked by.</summary>
    public required ModelMetric Metric { get; init; }

    /// <summary>What the calibration samples showed.</summary>
    public required ModelCalibration Calibration { get; init; }

    /// <summary>How many of the calibration samples had been run already by an earlier search, whose calibration was found; 0 where none was.</summary>
    public required long ResumedSamples { get; init; }

    /// <summary>How many samples scored; none of them calibrated.</summary>
    public required int ScoringSamples { get; init; }

    /// <summary>How many of the scoring samples have a label.</summary>
    public required int LabelledSamples { get; init; }

    /// <summary>How long the search took.</summary>
    public required TimeSpan Elapsed { get; init; }
}
