using System.Globalization;
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
                "--max-loss needs a metric that is finite for the float model, but its SQNR is infinite: give --labels labels.csv, take "
                    + "--metric agreement, or say with --reach 30 how many dB are enough.");
        }

        if (!SearchMetrics.IsShare(Metric, Data))
        {
            return;
        }

        (string? option, double value) = Options.Target.Kind switch
        {
            PartialTargetKind.Reach => ("--reach", Options.Target.Value),
            PartialTargetKind.MaxLoss => ("--max-loss", Options.Target.Value),
            _ => (null, 0),
        };
        if (option is not null && value > 1)
        {
            string meant = value <= 100 ? string.Create(CultureInfo.InvariantCulture, $"; did you mean {value / 100:0.######}?") : ".";
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture, $"{option} {value:0.######} is a figure of the metric, which is a share from 0 to 1{meant}"));
        }
    }
}
