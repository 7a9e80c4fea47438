using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The options that say how samples run while a command calibrates.</summary>
internal sealed class CalibrationRunOptions
{
    public const string IgnoreNonFinite = "--ignore-non-finite";

    private readonly Option<bool> _ignore = new(IgnoreNonFinite)
    {
        Description = "Leave NaN and infinity out where the model computes them in float, instead of ending with an error. Samples that hold them are always an error.",
    };

    private readonly Option<int?> _samples = new("--calibration-samples")
    {
        HelpName = "N",
        Description = "How many of the samples calibrate at most, the first ones. [default: all that are there for it]",
        CustomParser = result => CommonOptions.ParseCount(result, "--calibration-samples", least: 1),
    };

    private readonly Option<int?> _threads = new("--calibration-threads")
    {
        HelpName = "N",
        Description = "How many samples run side by side while calibrating; the result does not depend on it. [default: one for each processor]",
        CustomParser = result => CommonOptions.ParseCount(result, "--calibration-threads", least: 1),
    };

    public CalibrationRunOptions(Command command)
    {
        command.Options.Add(_samples);
        command.Options.Add(_threads);
        command.Options.Add(_ignore);
    }

    /// <summary>What the arguments say.</summary>
    public CalibrationOptions Read(ParseResult parsed)
    {
        CalibrationOptions options = new()
        {
            NonFinite = parsed.GetValue(_ignore) ? NonFiniteValues.Ignore : NonFiniteValues.Throw,
            MaxSamples = parsed.GetValue(_samples),
        };
        return parsed.GetValue(_threads) is { } threads ? options with { MaxDegreeOfParallelism = threads } : options;
    }
}
