using System.Diagnostics;

namespace Quantization.Mutations;

/// <summary>Runs programs.</summary>
internal static class ChildProcess
{
    /// <summary>What a program that did not end in time has as its exit code.</summary>
    public const int TimedOut = -1;

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">A variable to set and its value.</param>
    /// <param name="limit">How long it may take; it is ended then.</param>
    public static (int ExitCode, string Output) Run(
        string program, string[] arguments, (string Name, string Value)[]? environment = null, TimeSpan? limit = null)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit ?? TimeSpan.FromMinutes(30)))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            return (TimedOut, "");
        }

        return (process.ExitCode, output.Wait(TimeSpan.FromSeconds(10)) ? output.Result : "");
    }
}
