using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What <c>quantize partial</c> was asked for.</summary>
internal sealed record PartialRequest
{
    public required string ModelPath { get; init; }

    public required DataRequest Data { get; init; }

    public required string OutputPath { get; init; }

    public required string? StatePath { get; init; }

    public required string Metric { get; init; }

    /// <summary>What the arguments say; see <see cref="Complete"/>.</summary>
    public required PartialOptions Options { get; init; }

    public required bool IsFloatOnly { get; init; }

    public required ReportRequest Report { get; init; }

    /// <summary>What is kept for an interrupted run.</summary>
    public RunState State => new(StatePath, OutputPath);

    /// <summary>The options with what is kept and where.</summary>
    public PartialOptions Complete() => Options with
    {
        Steps = IsFloatOnly ? [] : Options.Steps,
        CalibrationPath = State.CalibrationPath,
        TrialsPath = State.TrialsPath,
    };

    /// <summary>Refuses arguments that make no sense together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public void ThrowUnlessSensible()
    {
        OutputRules.ThrowUnlessSensible(ModelPath, OutputPath, Report);
        Data.ThrowUnlessSensible();
        State.ThrowUnlessSensible(ModelPath, Report);
        SearchMetrics.ThrowUnlessLabelled(Metric, Data);
        bool isRatio = Metric == SearchMetrics.SignalToNoise || (Metric == SearchMetrics.Default && !Data.IsLabelled);
        if (Options.Target.Kind == PartialTargetKind.MaxLoss && isRatio)
        {
            throw new UsageException(
                "--max-loss needs a metric of which the float model has a figure, but its SQNR is infinite: give --labels labels.csv, take --metric agreement, or say with --reach 30 how many dB are enough.");
        }
    }
}
