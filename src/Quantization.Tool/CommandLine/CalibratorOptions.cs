using System.CommandLine;
using System.Globalization;

namespace Quantization.Tool;

/// <summary>The options that choose how ranges are found.</summary>
internal sealed class CalibratorOptions
{
    private const string Percentile = "percentile";
    private const double DefaultPercentage = 99.99;

    private const string OfActivations =
        "How the range of each activation is chosen from its values on the samples: all values (max), the range that best keeps their "
            + "distribution (entropy), all but the most extreme values (percentile), or the range with the least squared error (mse).";

    private readonly Option<string> _calibrator = new("--calibrator") { HelpName = "max|entropy|percentile|mse" };

    private readonly Option<double?> _percentage = new("--percentile")
    {
        Description = "The share of values that --calibrator percentile keeps, in percent. [default: "
            + $"{DefaultPercentage.ToString(CultureInfo.InvariantCulture)}]",
        HelpName = "percent",
        CustomParser = result =>
        {
            // Numbers are read the same way regardless of the machine's culture.
            bool isNumber = double.TryParse(
                CommonOptions.Token(result), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
            if (!isNumber || value is <= 0 or > 100)
            {
                result.AddError($"--percentile '{CommonOptions.Token(result)}' is no number above 0 and up to 100, such as 99.9.");
            }

            return value;
        },
    };

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> All => [_calibrator, _percentage];

    /// <param name="command">The command to add the options to.</param>
    /// <param name="description">What is chosen how.</param>
    /// <param name="usual">What chooses where the user names nothing.</param>
    public CalibratorOptions(Command command, string description = OfActivations, string usual = "mse")
    {
        _calibrator.Description = description;
        _calibrator.DefaultValueFactory = _ => usual;
        _calibrator.AcceptOneOf("max", "entropy", Percentile, "mse");
        command.Options.Add(_calibrator);
        command.Options.Add(_percentage);
    }

    /// <summary>The calibrator that the arguments choose; null where they do not.</summary>
    /// <inheritdoc cref="Choose"/>
    public ICalibrator? ChooseIfGiven(ParseResult parsed)
    {
        ICalibrator calibrator = Choose(parsed);
        return parsed.GetResult(_calibrator) is { Implicit: false } ? calibrator : null;
    }

    /// <summary>The calibrator that the arguments choose.</summary>
    /// <exception cref="UsageException">A percentage is given to a calibrator that takes none.</exception>
    public ICalibrator Choose(ParseResult parsed)
    {
        string name = parsed.GetValue(_calibrator)!;
        double? percentage = parsed.GetValue(_percentage);
        if (percentage is not null && name != Percentile)
        {
            throw new UsageException($"--percentile goes with --calibrator {Percentile}, not with {name}.");
        }

        return name switch
        {
            "max" => new MaxCalibrator(),
            "entropy" => new EntropyCalibrator(),
            "mse" => new MseCalibrator(),
            _ => new PercentileCalibrator(percentage ?? DefaultPercentage),
        };
    }
}
