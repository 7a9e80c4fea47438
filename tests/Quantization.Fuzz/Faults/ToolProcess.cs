using System.Diagnostics;

namespace Quantization.Fuzz.Faults;

/// <summary>The tool as users start it.</summary>
/// <param name="ExitCode">What it ended with.</param>
/// <param name="Errors">The lines of its error stream.</param>
internal sealed record ToolProcess(int ExitCode, IReadOnlyList<string> Errors)
{
    private const int MissedTarget = 3;

    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(2);

    /// <summary>Whether it did what it was asked for. A missed target is told by an exit code of its own.</summary>
    public bool IsDone => ExitCode is 0 or MissedTarget;

    /// <summary>The lines that tell what went wrong.</summary>
    public IEnumerable<string> Messages => Errors.Where(line => line.StartsWith("error: ", StringComparison.Ordinal));

    /// <summary>Runs a command in the folder of outputs.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="command">The command.</param>
    /// <param name="script">
    /// What a shell does whose mounts are its own: it finds the command in "$@". Null where the command is started by itself.
    /// </param>
    /// <param name="environment">Variables to set.</param>
    /// <param name="disturb">What to do to the process while it runs.</param>
    /// <exception cref="FindingException">It did not end in time.</exception>
    public static ToolProcess Run(
        ToolFolder folder, ToolCase command, string? script = null, IReadOnlyDictionary<string, string>? environment = null,
        Action<Process>? disturb = null)
    {
        string[] tool = ["dotnet", Path.Combine(AppContext.BaseDirectory, "Quantization.Tool.dll"), .. command.Arguments];
        string[] whole = script is null ? tool : ["unshare", "-rm", "sh", "-c", script, "sh", .. tool];
        ProcessStartInfo start =
            new(whole[0], whole[1..]) { WorkingDirectory = folder.Output, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TMPDIR"] = folder.Temporary;
        start.Environment["OUT"] = folder.Output;
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // a killed process leaves the runtime's own files there
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        disturb?.Invoke(process);
        if (!Task.WaitAll([output, errors], LongestRun)) // they end when the worker has ended too
        {
            process.Kill(entireProcessTree: true);
            throw new Campaigns.FindingException($"no end within {LongestRun.TotalSeconds:0} s");
        }

        process.WaitForExit();
        return new ToolProcess(process.ExitCode, errors.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
