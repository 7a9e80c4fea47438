using System.CommandLine;
using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The options that say what partial quantization is to reach, and what the model may take.</summary>
internal sealed class TargetOptions
{
    private readonly Option<double?> _maxLoss = Number(
        "--max-loss",
        "LOSS",
        value => value >= 0,
        "0 or more, such as 0.005",
        "How much worse than for the float model the metric may be: 0.005 of accuracy is half a point.");

    private readonly Option<double?> _reach = Number(
        "--reach", "FIGURE", _ => true, "a number, such as 0.9", "The figure that the metric must reach: accuracy 0 to 1, SQNR in dB.");

    private readonly Option<double?> _maxLatency = Number(
        "--max-latency", "TIMES", value => value >= 1, "1 or more, such as 1.5", "Find the best metric within so many times the latency of "
            + "the model with all layers in int8, on one thread of this machine. With --max-loss or --reach, both must hold.");

    private readonly Option<AutoBudget?> _maxBytes = BudgetOptions.CreateMaxBytes();

    public TargetOptions(Command command)
    {
        command.Options.Add(_maxLoss);
        command.Options.Add(_reach);
        command.Options.Add(_maxLatency);
        command.Options.Add(_maxBytes);
    }

    /// <summary>The target that the arguments choose.</summary>
    /// <exception cref="UsageException">There is none, or two figures.</exception>
    public PartialTarget Choose(ParseResult parsed) =>
        (parsed.GetValue(_maxLoss), parsed.GetValue(_reach), parsed.GetValue(_maxLatency)) switch
        {
            ({ } loss, null, _) => PartialTarget.MaxLoss(loss),
            (null, { } score, _) => PartialTarget.Reach(score),
            (null, null, { } ratio) => PartialTarget.MaxLatencyRatio(ratio),
            (null, null, null) => throw new UsageException("say what to reach: --max-loss 0.005, --reach FIGURE or --max-latency 1.5."),
            _ => throw new UsageException("--max-loss and --reach exclude each other; give one of them."),
        };

    /// <summary>What the model may take beside reaching the target; null for anything.</summary>
    public PartialLimits? ReadLimits(ParseResult parsed)
    {
        bool hasFigure = parsed.GetValue(_maxLoss) is not null || parsed.GetValue(_reach) is not null;
        AutoBudget? size = parsed.GetValue(_maxBytes);
        double? latency = hasFigure ? parsed.GetValue(_maxLatency) : null; // alone it is the target
        return size is null && latency is null
            ? null
            : new PartialLimits { MaxLatencyRatio = latency, MaxSizeRatio = size?.MaxSizeRatio, MaxBytes = size?.MaxBytes };
    }

    private static Option<double?> Number(string name, string helpName, Predicate<double> isPossible, string wanted, string description) =>
        new(name)
        {
            HelpName = helpName,
            Description = description,
            CustomParser = result =>
            {
                // Numbers are read the same way regardless of the machine's culture.
                string token = CommonOptions.Token(result);
                bool isNumber = double.TryParse(token, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
                if (!isNumber || !double.IsFinite(value) || !isPossible(value))
                {
                    result.AddError($"{name} '{token}' is not {wanted}.");
                }

                return value;
            },
        };
}
