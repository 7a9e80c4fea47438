namespace Quantization.Tool;

/// <summary>What the process says to its caller.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The input, the model or the machine did not allow it.</summary>
    public const int Failure = 1;

    /// <summary>The arguments make no sense.</summary>
    public const int WrongUsage = 2;

    /// <summary>The best model that was found was written, but it does not reach the target.</summary>
    public const int TargetNotMet = 3;

    /// <summary>What shells give a process that Ctrl-C ended.</summary>
    public const int Cancelled = 130;

    /// <summary>Whether the tool itself chose an exit code; other codes mean that its process crashed or was killed.</summary>
    public static bool IsOwn(int exitCode) => exitCode is Success or Failure or WrongUsage or TargetNotMet or Cancelled;
}
