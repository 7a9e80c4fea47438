using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Quantization.Fuzz.Campaigns;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Fuzz.Faults;

/// <summary>
/// Runs every command of the tool on full and read-only disks, with few file handles and little memory. It has to say in one line what to do,
/// leave nothing and change nothing, or to succeed.
/// </summary>
internal static partial class FaultCommand
{
    /// <summary>Runs all faults whose names contain a text; the number of findings.</summary>
    public static int Run(string part)
    {
        if (!CanMount())
        {
            Console.WriteLine("faults: left out, since the kernel lets nobody mount folders here (unshare -rm)");
            return 0;
        }

        ConcurrentDictionary<string, int> outcomes = new();
        ConcurrentBag<string> findings = [];
        Fault[] faults = [.. Fault.All.Where(fault => fault.Name.Contains(part, StringComparison.Ordinal))];
        int count;
        using (ToolFolder any = new())
        {
            count = ToolCase.All(any).Count;
        }

        SideBySide.ForEach(Enumerable.Range(0, count), Environment.ProcessorCount, Attack, CancellationToken.None);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"faults: {count} commands, {faults.Length} faults each, {findings.Count} findings"));
        foreach ((string outcome, int times) in outcomes.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {times,6} {outcome}"));
        }

        findings.Order(StringComparer.Ordinal).ToList().ForEach(finding => Console.WriteLine($"  FOUND {finding}"));
        return findings.Count;

        void Attack(int index)
        {
            using ToolFolder folder = new();
            ToolCase command = ToolCase.All(folder)[index];
            folder.Reset(command);
            ToolProcess.Run(folder, command);
            Dictionary<string, byte[]> wanted = folder.Outputs();
            foreach (Fault fault in faults)
            {
                try
                {
                    outcomes.AddOrUpdate($"{fault.Scene}: {Try(folder, command, fault, wanted)}", 1, (_, before) => before + 1);
                }
                catch (FindingException e)
                {
                    findings.Add($"{command.Name}, {fault.Name}: {e.Message}");
                }
            }
        }
    }

    /// <summary>Runs a command; what became of it.</summary>
    private static string Try(ToolFolder folder, ToolCase command, Fault fault, Dictionary<string, byte[]> wanted)
    {
        folder.Reset(command);
        using TemporaryFolder left = new();
        Dictionary<string, string> environment = new() { ["LEFT"] = left.FullName, ["IN"] = folder.Path };
        ToolProcess run = ToolProcess.Run(folder, command, fault.Whole, environment);
        if (!Directory.Exists(left.PathTo("tmp")))
        {
            throw new FindingException($"the fault itself failed: {string.Join(' ', run.Errors)}");
        }

        folder.Replace(left.PathTo("out"), left.PathTo("tmp"));

        if (run.IsDone)
        {
            OutputCheck.ThrowUnlessSame(folder, command, wanted);
            return "done";
        }

        OutputCheck.ThrowUnlessUntouched(folder, command);
        if (run.Messages.Count() != 1)
        {
            return fault.Scene is FaultScene.Handles or FaultScene.Memory && !run.Messages.Any() && HostWords().IsMatch(string.Join(' ', run.Errors))
                ? "the runtime cannot start"
                : throw new FindingException($"exit code {run.ExitCode}, not one message but: {string.Join(" | ", run.Errors.TakeLast(5))}");
        }

        string message = run.Messages.Single();
        string? place = fault.Scene switch { FaultScene.Output => folder.Output, FaultScene.Temporary => folder.Temporary, _ => null };
        bool isNamed = place is null || message.Contains(place, StringComparison.Ordinal) || command.Outputs.Any(output => message.Contains(output, StringComparison.Ordinal));
        return fault.Scene == FaultScene.None || !isNamed || !WayOut().IsMatch(message)
            ? throw new FindingException($"no way out in: {message}")
            : "refused with a way out";
    }

    private static bool CanMount()
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("unshare", ["-rm", "true"]) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    [GeneratedRegex("make room|choose a|name another|ulimit|more memory|fewer|open fewer")]
    private static partial Regex WayOut();

    /// <summary>What .NET's host and runtime say, and the shell, before any of the project's code runs.</summary>
    [GeneratedRegex("hostfxr|hostpolicy|coreclr|CoreCLR|GC heap|Failed to|libgcc_s|dotnet: error|Cannot fork|Too many open files|Out of memory|OutOfMemory|Aborted|cannot allocate")]
    private static partial Regex HostWords();
}
