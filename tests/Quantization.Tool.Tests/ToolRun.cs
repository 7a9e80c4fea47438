using System.Diagnostics;
using System.Globalization;

namespace Quantization.Tool.Tests;

/// <summary>What one run of the tool gave.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    /// <summary>The line that tells what went wrong; there must be exactly one.</summary>
    public string ErrorLine =>
        Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith("error: ", StringComparison.Ordinal))
            .Should().ContainSingle(Error).Subject.TrimEnd('\r')["error: ".Length..];

    /// <summary>Runs the tool inside this process.</summary>
    public static ToolRun InProcess(params string[] args) => Run(args, TestContext.Current.CancellationToken);

    /// <summary>Runs the tool inside this process, where Ctrl-C was pressed before it began.</summary>
    public static ToolRun Cancelled(params string[] args) => Run(args, new CancellationToken(canceled: true));

    /// <summary>
    /// Runs the tool as a user does, in a folder; <paramref name="onErrorLine"/> sees each line of the error stream as it comes.
    /// </summary>
    public static ToolRun AsProcess(
        string folder, IReadOnlyDictionary<string, string> environment, Action<Process, string>? onErrorLine, params string[] args)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Quantization.Tool.dll"), .. args])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        List<string> error = [];
        while (process.StandardError.ReadLine() is string line)
        {
            error.Add(line);
            onErrorLine?.Invoke(process, line);
        }

        process.WaitForExit();
        return new ToolRun(process.ExitCode, output.GetAwaiter().GetResult(), string.Join('\n', error));
    }

    private static ToolRun Run(string[] args, CancellationToken cancellation)
    {
        using StringWriter output = new(CultureInfo.InvariantCulture);
        using StringWriter error = new(CultureInfo.InvariantCulture);
        int exitCode = ToolApplication.Run(args, new ToolConsole(output, error), cancellation);
        return new ToolRun(exitCode, output.ToString(), error.ToString());
    }
}
