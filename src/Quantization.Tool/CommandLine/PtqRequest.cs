using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What <c>quantize ptq</c> was asked for.</summary>
internal sealed record PtqRequest
{
    public required string ModelPath { get; init; }

    public required DataRequest Data { get; init; }

    public required string? StatePath { get; init; }

    public required string? PlanPath { get; init; }

    /// <summary>An option that says how to quantize, which the user gave; null where there is none.</summary>
    public required string? OwnSetting { get; init; }

    public required string OutputPath { get; init; }

    public required PtqOptions Options { get; init; }

    public required int BatchSize { get; init; }

    public required int Threads { get; init; }

    /// <summary>Where workers are; null for none.</summary>
    public string? ClusterFolder { get; init; }

    public required ReportRequest Report { get; init; }

    /// <summary>Refuses arguments that make no sense together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public void ThrowUnlessSensible()
    {
        if (Data.FolderPath is null && StatePath is null && PlanPath is null)
        {
            throw new UsageException(
                "give samples to calibrate on with --data DIR, a calibration with --state file.qcal, or a plan with --plan plan.json.");
        }

        if (PlanPath is not null && OwnSetting is not null)
        {
            throw new UsageException(
                $"{OwnSetting} says how to quantize, which --plan says already; leave one of them out, or change the plan.");
        }

        Data.ThrowUnlessSensible();
        OutputRules.ThrowUnlessSensible(ModelPath, OutputPath, Data, Report);
        foreach ((string option, string? path, string what)
            in ((string, string?, string)[])[("--state", StatePath, "calibration"), ("--plan", PlanPath, "plan")])
        {
            if (path is not null && ((string?[])[OutputPath, Report.PagePath, Report.PlanPath])
                .OfType<string>().FirstOrDefault(other => Quantization.Onnx.OutputPath.IsSame(other, path)) is { } taken)
            {
                throw new UsageException($"{taken} is the {what} that {option} reads; name another file.");
            }
        }
    }
}
