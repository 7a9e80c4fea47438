namespace Quantization.Onnx;

/// <summary>What partial quantization reached. Immutable.</summary>
public sealed record PartialResult
{
    /// <summary>The model that was written: the one that meets the target with the fewest layers in float that were found, or the best that was reached.</summary>
    public required PtqResult Model { get; init; }

    /// <summary>Whether the target was met.</summary>
    public required bool IsTargetMet { get; init; }

    /// <summary>What was reached, with how many layers, or why the target was not met: a sentence or two.</summary>
    public required string Reason { get; init; }

    /// <summary>What was to be reached.</summary>
    public required PartialTarget Target { get; init; }

    /// <summary>The figure that the metric had to reach; null for a latency.</summary>
    public required double? Threshold { get; init; }

    /// <summary>The metric.</summary>
    public required ModelMetric Metric { get; init; }

    /// <summary>What the float model scores on the scoring samples.</summary>
    public required TrialScore FloatScore { get; init; }

    /// <summary>The model with all layers quantized as <see cref="PartialOptions.Baseline"/> says: where the way began.</summary>
    public required PartialPoint Quantized { get; init; }

    /// <summary>The model that was written.</summary>
    public required PartialPoint Written { get; init; }

    /// <summary>What was done for single layers, in the order in which they run: those left in float, and those that took a step short of it.</summary>
    public required IReadOnlyList<LayerChange> Changes { get; init; }

    /// <summary>
    /// The models to choose from: of those that were scored on all samples, each that no other one beats or equals both by the metric and by the share of int8 compute; then the float model. From the most
    /// int8 to the least.
    /// </summary>
    public required IReadOnlyList<PartialPoint> Curve { get; init; }

    /// <summary>How sensitive the layers are, measured on the ranking samples.</summary>
    public required SensitivityResult Sensitivity { get; init; }

    /// <summary>What the calibration samples showed.</summary>
    public required ModelCalibration Calibration { get; init; }

    /// <summary>How many of the calibration samples had been run already by an earlier run, whose calibration was found; 0 where none was.</summary>
    public required long ResumedSamples { get; init; }

    /// <summary>The models that were run.</summary>
    public required int ModelsRun { get; init; }

    /// <summary>The models whose scores were found in <see cref="PartialOptions.TrialsPath"/> instead.</summary>
    public required int ModelsResumed { get; init; }

    /// <summary>How many samples scored; none of them calibrated where the library dealt them.</summary>
    public required int ScoringSamples { get; init; }

    /// <summary>How many of them ranked the layers.</summary>
    public required int RankingSamples { get; init; }

    /// <summary>How many of the scoring samples have a label.</summary>
    public required int LabelledSamples { get; init; }

    /// <summary>How long all took.</summary>
    public required TimeSpan Elapsed { get; init; }
}
