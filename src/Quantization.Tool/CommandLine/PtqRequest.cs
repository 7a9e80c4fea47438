using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What <c>quantize ptq</c> was asked for.</summary>
internal sealed record PtqRequest
{
    public required string ModelPath { get; init; }

    public required DataRequest Data { get; init; }

    public required string? StatePath { get; init; }

    public required string OutputPath { get; init; }

    public required PtqOptions Options { get; init; }

    public required int BatchSize { get; init; }

    public required int Threads { get; init; }

    public required ReportRequest Report { get; init; }

    /// <summary>Refuses arguments that make no sense together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public void ThrowUnlessSensible()
    {
        if (Data.FolderPath is null && StatePath is null)
        {
            throw new UsageException("give samples to calibrate on with --data DIR, or a calibration with --state file.qcal.");
        }

        Data.ThrowUnlessSensible();
        OutputRules.ThrowUnlessSensible(ModelPath, OutputPath, Data, Report);
        if (StatePath is not null && ((string?[])[OutputPath, Report.PagePath]).OfType<string>().FirstOrDefault(other => Quantization.Onnx.OutputPath.IsSame(other, StatePath)) is { } taken)
        {
            throw new UsageException($"{taken} is the calibration that --state reads; name another file.");
        }
    }
}
