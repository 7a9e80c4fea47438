using Microsoft.Extensions.Logging;
using Quantization.Onnx;

namespace Quantization.Hosting;

/// <summary>
/// The events that quantizers log. Their numbers are part of the interface: docs/reference/logs.md lists them, and they never change.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Quantizing {Model} by {Way}.")]
    public static partial void Started(ILogger logger, string model, string way);

    [LoggerMessage(
        2,
        LogLevel.Information,
        "{Model}: {ModelBytes} bytes became {OutputBytes} in {Output} after {ElapsedMs} ms; {Int8Nodes} nodes run on integers.")]
    public static partial void Finished(
        ILogger logger, string model, long modelBytes, long outputBytes, string output, long elapsedMs, int int8Nodes);

    [LoggerMessage(3, LogLevel.Information, "{Model}: {Picked} was picked after {ElapsedMs} ms. {Summary}")]
    public static partial void Decided(ILogger logger, string model, string picked, long elapsedMs, string summary);

    [LoggerMessage(4, LogLevel.Warning, "{Model}: {Advice} ({Code})")]
    public static partial void Advised(ILogger logger, string model, string advice, AdviceCode code);

    [LoggerMessage(5, LogLevel.Error, "{Model} was not quantized: {Reason}")]
    public static partial void Failed(ILogger logger, Exception exception, string model, string reason);

    [LoggerMessage(6, LogLevel.Information, "{Model}: the call was cancelled after {ElapsedMs} ms.")]
    public static partial void Cancelled(ILogger logger, string model, long elapsedMs);

    [LoggerMessage(7, LogLevel.Debug, "{Model} waits for other models; {MaxConcurrency} are quantized at the same time.")]
    public static partial void Waiting(ILogger logger, string model, int maxConcurrency);

    [LoggerMessage(10, LogLevel.Debug, "{Model}: {Stage} began.")]
    public static partial void StageStarted(ILogger logger, string model, QuantizationStage stage);

    [LoggerMessage(11, LogLevel.Debug, "{Model}: {Stage}, {Completed} of {Total} steps.")]
    public static partial void StageProgress(ILogger logger, string model, QuantizationStage stage, long completed, long? total);

    [LoggerMessage(12, LogLevel.Debug, "{Model}: {Stage} took {ElapsedMs} ms.")]
    public static partial void StageFinished(ILogger logger, string model, QuantizationStage stage, long elapsedMs);
}
