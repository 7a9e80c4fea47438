using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The options that say how samples run while a command calibrates.</summary>
internal sealed class CalibrationRunOptions
{
    public const string IgnoreNonFinite = "--ignore-non-finite";

    private readonly Option<bool> _ignore = new(IgnoreNonFinite)
    {
        Description = "Ignore NaN and infinity that the float model computes, instead of ending with an error. Samples that contain them "
            + "are always an error.",
    };

    private readonly Option<int?> _samples = new("--calibration-samples")
    {
        HelpName = "N",
        Description = "How many samples to calibrate on at most, from the first on. [default: all calibration samples]",
        CustomParser = result => CommonOptions.ParseCount(result, "--calibration-samples", least: 1),
    };

    private readonly Option<int?> _threads = new("--calibration-threads")
    {
        HelpName = "N",
        Description =
            "How many samples to run in parallel while calibrating; the result does not depend on it. [default: one for each processor]",
        CustomParser = result => CommonOptions.ParseCount(result, "--calibration-threads", least: 1),
    };

    private readonly Option<bool> _countPadding = new("--count-padding")
    {
        Description = "Count padding like all other positions. Without this option, positions that an input such as attention_mask masks "
            + "with 0 are left out.",
    };

    private readonly Option<string> _mask = new("--mask")
    {
        HelpName = "INPUT",
        Description = "The input [batch, sequence] that masks positions with 0. [default: one whose name contains 'mask' and whose shape "
            + "is that of another integer input]",
    };

    private readonly Option<Dictionary<string, MaskedAxes>?> _maskAxes = MaskAxesOption.Create();

    public CalibrationRunOptions(Command command)
    {
        command.Options.Add(_samples);
        command.Options.Add(_threads);
        command.Options.Add(_ignore);
        command.Options.Add(_mask);
        command.Options.Add(_maskAxes);
        command.Options.Add(_countPadding);
    }

    /// <summary>What the arguments say.</summary>
    public CalibrationOptions Read(ParseResult parsed)
    {
        CalibrationOptions options = new()
        {
            NonFinite = parsed.GetValue(_ignore) ? NonFiniteValues.Ignore : NonFiniteValues.Throw,
            MaxSamples = parsed.GetValue(_samples),
            Padding = new PaddingOptions
            {
                IsCounted = parsed.GetValue(_countPadding),
                Mask = parsed.GetValue(_mask),
                Axes = parsed.GetValue(_maskAxes) ?? []
            },
        };
        return parsed.GetValue(_threads) is { } threads ? options with { MaxDegreeOfParallelism = threads } : options;
    }
}
