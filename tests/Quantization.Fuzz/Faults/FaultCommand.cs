using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Quantization.Fuzz.Campaigns;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Fuzz.Faults;

/// <summary>
/// Runs every command of the tool on full and read-only disks, with few file handles and little memory. It has to say in one line what to
/// do, leave nothing and change nothing, or to succeed.
/// </summary>
internal static partial class FaultCommand
{
    /// <summary>Runs faults; the number of findings.</summary>
    /// <param name="parts">Parts of the names of those to run; all run where there is none.</param>
    public static int Run(string[] parts)
    {
        if (!CanMount())
        {
            Console.WriteLine("faults: left out, since the kernel lets nobody mount folders here (unshare -rm)");
            return 0;
        }

        ConcurrentDictionary<string, int> outcomes = new();
        ConcurrentBag<string> findings = [];
        Fault[] faults =
            [.. Fault.All.Where(fault => parts.Length == 0 || parts.Any(part => fault.Name.Contains(part, StringComparison.Ordinal)))];
        int count;
        using (ToolFolder any = new())
        {
            count = ToolCase.All(any).Count;
        }

        SideBySide.ForEach(Enumerable.Range(0, count), Environment.ProcessorCount, Attack, CancellationToken.None);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"faults: {count} commands, {faults.Length} faults each, {findings.Count} findings"));
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
            Lazy<Dictionary<string, byte[]>> wanted = new(() => Undisturbed(index));
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

    /// <summary>What a command writes where nothing goes wrong.</summary>
    private static Dictionary<string, byte[]> Undisturbed(int index)
    {
        using ToolFolder folder = new();
        ToolCase command = ToolCase.All(folder)[index];
        folder.Reset(command);
        ToolProcess.Run(folder, command);
        return folder.Outputs();
    }

    /// <summary>Runs a command; what became of it.</summary>
    private static string Try(ToolFolder folder, ToolCase command, Fault fault, Lazy<Dictionary<string, byte[]>> wanted)
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
            OutputCheck.ThrowUnlessSame(folder, command, wanted.Value);
            return "done";
        }

        string message = run.Messages.Count() < 2
            ? run.Messages.FirstOrDefault("")
            : throw new FindingException($"several messages: {string.Join(" | ", run.Messages)}");
        if (fault.Scene is FaultScene.Handles or FaultScene.Memory
            && (message.Length == 0 || message.Contains("(SIG", StringComparison.Ordinal)))
        {
            return TryAgain(folder, command, wanted, message.Length == 0 ? "ended by the system"
                : WayOut().IsMatch(message) ? "ended by the system, with a way out"
                : throw new FindingException($"no way out in: {message}"));
        }

        OutputCheck.ThrowUnlessUntouched(folder, command, message);
        string? place = fault.Scene switch { FaultScene.Output => folder.Output, FaultScene.Temporary => folder.Temporary, _ => null };
        bool isNamed = place is null
            || message.Contains(place, StringComparison.Ordinal)
            || command.Outputs.Any(output => message.Contains(output, StringComparison.Ordinal));
        return fault.Scene == FaultScene.None || !isNamed || !WayOut().IsMatch(message)
            ? throw new FindingException($"no way out in: {message}")
            : "refused with a way out";
    }

    /// <summary>
    /// The system ended the process, which leaves what a killed run leaves: old or new files, which the same command makes whole.
    /// </summary>
    private static string TryAgain(ToolFolder folder, ToolCase command, Lazy<Dictionary<string, byte[]>> wanted, string outcome)
    {
        foreach (string output in command.Outputs)
        {
            OutputCheck.ThrowUnlessOldOrNew(folder, output, wanted.Value[output]);
        }

        ToolProcess again = ToolProcess.Run(folder, command);
        return again.IsDone
            ? Checked()
            : throw new FindingException($"the next run failed: {string.Join(' ', again.Errors.TakeLast(3))}");

        string Checked()
        {
            OutputCheck.ThrowUnlessSame(folder, command, wanted.Value);
            return outcome;
        }
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

    [GeneratedRegex("make room|choose a|name another|raise the limit|more memory")]
    private static partial Regex WayOut();
}
