using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What <c>quantize partial</c> was asked for.</summary>
internal sealed record PartialRequest : TrialsRequest
{
    /// <summary>What the arguments say; see <see cref="Complete"/>.</summary>
    public required PartialOptions Options { get; init; }

    public required bool IsFloatOnly { get; init; }

    /// <summary>The options with what is kept and where.</summary>
    public PartialOptions Complete() => Options with
    {
        Metric = SearchMetrics.Find(Metric, ModelPath, Data),
        Steps = IsFloatOnly ? [] : Options.Steps,
        CalibrationPath = State.CalibrationPath,
        TrialsPath = State.TrialsPath,
    };

    public override void ThrowUnlessSensible()
    {
        base.ThrowUnlessSensible();
        bool isRatio = Metric == SearchMetrics.SignalToNoise || (Metric == SearchMetrics.Default && !Data.IsLabelled);
        if (Options.Target.Kind == PartialTargetKind.MaxLoss && isRatio)
        {
            throw new UsageException(
                "--max-loss needs a metric of which the float model has a figure, but its SQNR is infinite: give --labels labels.csv, take --metric agreement, or say with --reach 30 how many dB are enough.");
        }
    }
}
