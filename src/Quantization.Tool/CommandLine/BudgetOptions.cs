using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The options that say what a model may cost.</summary>
internal sealed class BudgetOptions
{
    public const string MaxLoss = "--max-loss", MaxLatency = "--max-latency", MaxBytes = "--max-bytes";

    /// <summary>Numbers without a unit below this are multiples of the float model's size.</summary>
    private const double MinBytes = 10;

    private readonly Option<double?> _maxLoss = Number(
        MaxLoss, "LOSS", value => value >= 0, "0 or more, such as 0.005",
        "How much worse than for the float model the metric may be: 0.005 of accuracy is half a point. The fastest model that "
            + "loses no more is picked.");

    private readonly Option<double?> _maxLatency = Number(
        MaxLatency,
        "TIMES",
        value => value > 0,
        "a number above 0, such as 0.5",
        "The maximum latency, as a multiple of the float model's on this machine.");

    private readonly Option<AutoBudget?> _maxBytes = CreateMaxBytes();

    public BudgetOptions(Command command)
    {
        command.Options.Add(_maxLoss);
        command.Options.Add(_maxLatency);
        command.Options.Add(_maxBytes);
    }

    /// <summary>What the arguments allow.</summary>
    public AutoBudget Read(ParseResult parsed) => (parsed.GetValue(_maxBytes) ?? new AutoBudget()) with
    {
        MaxLoss = parsed.GetValue(_maxLoss),
        MaxLatencyRatio = parsed.GetValue(_maxLatency),
    };

    /// <summary>The option that says how large a file may be, as bytes or as a multiple of the float model's.</summary>
    public static Option<AutoBudget?> CreateMaxBytes() => new(MaxBytes)
    {
        HelpName = "SIZE",
        Description = "The maximum size of the file: as a multiple of the float model's, such as 0.3, or in bytes, such as 500MB.",
        CustomParser = result =>
        {
            string token = CommonOptions.Token(result);
            if (double.TryParse(token, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double share)
                && share is > 0 and < MinBytes)
            {
                return new AutoBudget { MaxSizeRatio = share };
            }

            if (ByteCount.Parse(token) is { } bytes)
            {
                return new AutoBudget { MaxBytes = bytes };
            }

            result.AddError($"{MaxBytes} '{token}' is no size, such as 0.3 of the float model's or 500MB.");
            return null;
        },
    };

    private static Option<double?> Number(string name, string helpName, Predicate<double> isPossible, string wanted, string description) =>
        new(name)
        {
            HelpName = helpName,
            Description = description,
            CustomParser = result => Parse(result, name, isPossible, wanted),
        };

    /// <summary>Numbers are read the same way regardless of the machine's culture.</summary>
    private static double? Parse(ArgumentResult result, string name, Predicate<double> isPossible, string wanted)
    {
        string token = CommonOptions.Token(result);
        bool isNumber = double.TryParse(token, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
        if (!isNumber || !double.IsFinite(value) || !isPossible(value))
        {
            result.AddError($"{name} '{token}' is not {wanted}.");
        }

        return value;
    }
}
