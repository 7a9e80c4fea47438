namespace Quantization.Tool;

/// <summary>What <c>quantize search</c> was asked for.</summary>
internal sealed record SearchRequest
{
    public required string ModelPath { get; init; }

    public required DataRequest Data { get; init; }

    public required string OutputPath { get; init; }

    public required string? StatePath { get; init; }

    public required string Metric { get; init; }

    public required int WeightBits { get; init; }

    public required int BatchSize { get; init; }

    public required ReportRequest Report { get; init; }

    /// <summary>Where the calibration is kept while the search runs: as named, or beside the output.</summary>
    public string CalibrationPath => StatePath ?? OutputPath + ".qcal";

    /// <summary>Refuses arguments that make no sense together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public void ThrowUnlessSensible()
    {
        OutputRules.ThrowUnlessSensible(ModelPath, OutputPath, Report);
        Data.ThrowUnlessSensible();
        if (Metric == SearchMetrics.Top1 && Data is { LabelsPath: null, FoldersAreClasses: false })
        {
            throw new UsageException("--metric top1 needs the samples' classes: give --labels labels.csv too, or take --metric agreement.");
        }
    }
}
