namespace Quantization.Onnx;

/// <summary>What trying many quantized models of one float model led to. Immutable.</summary>
public abstract record TrialsResult
{
    private protected TrialsResult()
    {
    }

    /// <summary>The model that was written.</summary>
    public required PtqResult Model { get; init; }

    /// <summary>Why it is this one.</summary>
    public required Advice Reason { get; init; }

    /// <summary>What the models were scored by.</summary>
    public required ModelMetric Metric { get; init; }

    /// <summary>What the float model scores on the scoring samples.</summary>
    public required TrialScore FloatScore { get; init; }

    /// <summary>What the calibration samples showed.</summary>
    public required ModelCalibration Calibration { get; init; }

    /// <summary>
    /// How many of the calibration samples had been run already by an earlier run, whose calibration was found; 0 where none was.
    /// </summary>
    public required long ResumedSamples { get; init; }

    /// <summary>
    /// Why the calibration started again although an earlier run had kept one: other samples, another model, other versions or options. A
    /// sentence; null where no calibration was kept, or where it was continued.
    /// </summary>
    public string? RestartReason { get; init; }

    /// <summary>How many samples scored; none of them calibrated where the library dealt them.</summary>
    public required int ScoringSamples { get; init; }

    /// <summary>How many of the scoring samples have a label.</summary>
    public required int LabelledSamples { get; init; }

    /// <summary>How long all took.</summary>
    public required TimeSpan Elapsed { get; init; }
}
