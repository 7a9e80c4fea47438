using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What <c>quantize half</c> was asked for.</summary>
internal sealed record HalfRequest
{
    public required string ModelPath { get; init; }

    public required DataRequest Data { get; init; }

    public required string OutputPath { get; init; }

    public required HalfPrecisionOptions Options { get; init; }

    public required int BatchSize { get; init; }

    public required int Threads { get; init; }

    public required ReportRequest Report { get; init; }

    /// <summary>What the written model is called.</summary>
    public string FormatName => HalfRange.NameOf(Options.Format);

    /// <summary>Refuses arguments that make no sense together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public void ThrowUnlessSensible()
    {
        if (Options is { Format: HalfFormat.BFloat16, HasHalfInterface: true })
        {
            throw new UsageException($"{HalfCommand.HalfInterface} does not go with {HalfCommand.BFloat16}, which stores weights alone in "
                + "16 bits; give one of them.");
        }

        Data.ThrowUnlessSensible();
        OutputRules.ThrowUnlessSensible(ModelPath, OutputPath, Data, Report);
    }
}
