using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>
/// How only the layers that lose most were kept in float: the facts of a <see cref="Quantization.Onnx.PartialResult"/> as JSON has them,
/// whose shape does not change with the library's classes. Immutable.
/// </summary>
public sealed record ReportPartial
{
    /// <summary>What was to be reached, in words.</summary>
    public required string Target { get; init; }

    /// <summary>The figure that the metric had to reach; null for a latency.</summary>
    public required double? Threshold { get; init; }

    /// <summary>Whether it was reached.</summary>
    public required bool IsTargetMet { get; init; }

    /// <summary>Whether the limit of trials ended the search before it was through.</summary>
    public required bool IsLimitReached { get; init; }

    /// <summary>What was reached, with how many layers, or why the target was not met.</summary>
    public required Advice Reason { get; init; }

    /// <summary>The model that was written.</summary>
    public required ReportPartialPoint Written { get; init; }

    /// <summary>The model with all layers quantized: where the way began.</summary>
    public required ReportPartialPoint AllInt8 { get; init; }

    /// <summary>The models to choose from, from the most int8 to the float model.</summary>
    public required IReadOnlyList<ReportPartialPoint> Curve
    {
        get;
        init => field = ValueList<ReportPartialPoint>.Of(value, nameof(Curve));
    }

    /// <summary>The layers that can be quantized, in the order in which they run.</summary>
    public required IReadOnlyList<ReportPartialLayer> Layers
    {
        get;
        init => field = ValueList<ReportPartialLayer>.Of(value, nameof(Layers));
    }

    /// <summary>
    /// The activations that were left in float, each with the measured reason. Layers beside them compute in float with int8 weights.
    /// </summary>
    public required IReadOnlyDictionary<string, string> FloatActivations
    {
        get;
        init => field = ValueDictionary<string, string>.Of(value, nameof(FloatActivations));
    }

    /// <summary>The orders of the layers by sensitivity.</summary>
    public required IReadOnlyList<ReportRanking> Rankings
    {
        get;
        init => field = ValueList<ReportRanking>.Of(value, nameof(Rankings));
    }

    /// <summary>How many of the scoring samples ranked the layers.</summary>
    public required int RankingSamples { get; init; }

    /// <summary>The models that were run.</summary>
    public required int ModelsRun { get; init; }

    /// <summary>The models whose scores an earlier run had left.</summary>
    public required int ModelsResumed { get; init; }

    /// <summary>How long all took.</summary>
    public required double Seconds { get; init; }
}
