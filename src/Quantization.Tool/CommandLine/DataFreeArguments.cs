using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The arguments that the commands share which quantize without samples.</summary>
internal sealed class DataFreeArguments
{
    private readonly Argument<string> _model = CommonOptions.Model();
    private readonly Option<string> _output = CommonOptions.Output();
    private readonly Option<string[]> _floatNodes = CommonOptions.FloatNodes();
    private readonly Option<int> _batch = CommonOptions.Batch();
    private readonly Option<int> _threads = CommonOptions.Count("--threads", "The threads that ONNX Runtime measures with.");
    private readonly DataOptions _data;
    private readonly CalibratorOptions _calibrator;
    private readonly ReportOptions _report;

    /// <param name="command">The command to add the arguments to.</param>
    /// <param name="own">The command's own options, which stand behind those that say how weights are rounded.</param>
    public DataFreeArguments(Command command, params Option[] own)
    {
        command.Arguments.Add(_model);
        _data = new DataOptions(
            command, isRequired: false, isLabelled: true, CommonOptions.MeasuringData(), CommonOptions.MeasuringLabels());
        command.Options.Add(_output);
        _calibrator = new CalibratorOptions(
            command,
            "How the range of each channel's weights is chosen: all weights (max), the range that best keeps their distribution (entropy), "
                + "all but the most extreme weights (percentile), or the range with the least squared error (mse).",
            usual: "max");
        foreach (Option option in (Option[])[.. own, _floatNodes, _batch, _threads])
        {
            command.Options.Add(option);
        }

        _report = new ReportOptions(command);
    }

    /// <summary>Reads what was asked for.</summary>
    /// <param name="parsed">The arguments.</param>
    /// <param name="options">The options that the command's own arguments make.</param>
    public DataFreeRequest Read(ParseResult parsed, DataFreeOptions options) => new()
    {
        ModelPath = parsed.GetRequiredValue(_model),
        Data = _data.Read(parsed),
        OutputPath = parsed.GetRequiredValue(_output),
        Options = (_calibrator.ChooseIfGiven(parsed) is { } calibrator ? options with { WeightCalibrator = calibrator }
            : options) with { FloatNodes = (parsed.GetValue(_floatNodes) ?? []).ToHashSet(), LatencyRuns = 0 },
        BatchSize = parsed.GetValue(_batch),
        Threads = parsed.GetValue(_threads),
        Report = _report.Read(parsed),
    };
}
