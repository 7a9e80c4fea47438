namespace Quantization.Tool;

/// <summary>What <c>quantize compare</c> was asked for.</summary>
internal sealed record CompareRequest
{
    public required string FirstPath { get; init; }

    public required string SecondPath { get; init; }

    public required DataRequest Data { get; init; }

    public required int LayerSamples { get; init; }

    public required int BatchSize { get; init; }

    public required int Threads { get; init; }

    public required bool IsJson { get; init; }

    public required bool IsQuiet { get; init; }

    public required bool IsVerbose { get; init; }
}
