using System.Diagnostics;

namespace Quantization.Hosting;

/// <summary>
/// The names of what quantizers tell; docs/reference/logs.md lists the events of logs, and the tags of activities. OpenTelemetry gets the
/// activities by <c>AddSource(QuantizationTelemetry.ActivitySourceName)</c>.
/// </summary>
public static class QuantizationTelemetry
{
    /// <summary>The category of all logs.</summary>
    public const string LogCategory = "Quantization.Hosting";

    /// <summary>The name of the source of activities.</summary>
    public const string ActivitySourceName = "Quantization.Hosting";

    /// <summary>The activity of a call; its children are the stages, called as members of <see cref="Onnx.QuantizationStage"/>.</summary>
    public const string CallActivityName = "Quantize";

    /// <summary>The source of all activities.</summary>
    internal static readonly ActivitySource Source = new(ActivitySourceName);
}
