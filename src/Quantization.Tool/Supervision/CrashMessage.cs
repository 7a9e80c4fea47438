using System.Globalization;

namespace Quantization.Tool;

/// <summary>Tells users why the process that did the work ended.</summary>
internal static class CrashMessage
{
    /// <summary>Shells and .NET add this to the number of the signal that ended a process.</summary>
    private const int SignalBase = 128;

    private const int Killed = SignalBase + 9;

    private static readonly Dictionary<int, string> Signals = new()
    {
        [SignalBase + 4] = "SIGILL",
        [SignalBase + 6] = "SIGABRT",
        [SignalBase + 7] = "SIGBUS",
        [SignalBase + 8] = "SIGFPE",
        [SignalBase + 11] = "SIGSEGV",
    };

    /// <summary>The message.</summary>
    /// <param name="exitCode">What the process ended with.</param>
    /// <param name="step">What it was doing; null where that is not known.</param>
    /// <param name="limits">What the process was allowed to have.</param>
    public static string Of(int exitCode, string? step, ProcessLimits limits)
    {
        string during = step is null ? "" : $" during the step '{step}'";
        return exitCode == Killed
            ? $"the process was killed{during}, as the system does when memory runs out. No output was written. Use a smaller model, fewer "
                + "threads or a machine with more memory."
            : Signals.TryGetValue(exitCode, out string? signal)
            ? $"ONNX Runtime crashed ({signal}){during}. No output was written. The model makes this version of ONNX Runtime fail; leave "
                + $"nodes in float with --float-node, or export the model in another way.{limits.Hint}"
            : string.Create(CultureInfo.InvariantCulture, $"the process that did the work ended with exit code {exitCode}{during}, as a "
                + $"signal from outside leads to. No output was written; run the command again.");
    }
}
