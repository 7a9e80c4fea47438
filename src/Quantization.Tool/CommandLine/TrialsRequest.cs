namespace Quantization.Tool;

/// <summary>What a command was asked for that tries many models.</summary>
internal abstract record TrialsRequest
{
    public required string ModelPath { get; init; }

    public required DataRequest Data { get; init; }

    public required string OutputPath { get; init; }

    public required string? StatePath { get; init; }

    public required string Metric { get; init; }

    public required ReportRequest Report { get; init; }

    /// <summary>Where workers are; null for none.</summary>
    public string? ClusterFolder { get; init; }

    /// <summary>What is kept for an interrupted run.</summary>
    public RunState State => new(StatePath, OutputPath);

    /// <summary>Refuses arguments that make no sense together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public virtual void ThrowUnlessSensible()
    {
        OutputRules.ThrowUnlessSensible(ModelPath, OutputPath, Data, Report);
        Data.ThrowUnlessSensible();
        State.ThrowUnlessSensible(ModelPath, Data, Report);
        SearchMetrics.ThrowUnlessLabelled(Metric, Data);
    }
}
