using System.Diagnostics;
using System.Globalization;
using Quantization.Fuzz.Campaigns;
using Quantization.Onnx;

namespace Quantization.Fuzz.Faults;

/// <summary>
/// Kills every command of the tool at random moments. Files are old or new at any time, and the same command then writes the same bytes as
/// without kills and leaves nothing else.
/// </summary>
internal static class KillCommand
{
    /// <summary>Kills each command so often; the number of findings.</summary>
    public static int Run(int kills)
    {
        List<string> findings = [];
        int count;
        using (ToolFolder any = new())
        {
            count = ToolCase.All(any).Count;
        }

        SideBySide.ForEach(Enumerable.Range(0, count), Environment.ProcessorCount, Attack, CancellationToken.None);
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"kills: {count} commands, {kills} kills each, {findings.Count} findings"));
        findings.ForEach(finding => Console.WriteLine($"  FOUND {finding}"));
        return findings.Count;

        void Attack(int index)
        {
            using ToolFolder folder = new();
            ToolCase command = ToolCase.All(folder)[index];
            try
            {
                Kill(folder, command, kills, new Random(index));
            }
            catch (FindingException e)
            {
                lock (findings)
                {
                    findings.Add($"{command.Name}: {e.Message}");
                }
            }
        }
    }

    private static void Kill(ToolFolder folder, ToolCase command, int kills, Random random)
    {
        folder.Reset(command);
        Stopwatch watch = Stopwatch.StartNew();
        Succeed(folder, command);
        TimeSpan duration = watch.Elapsed;
        Dictionary<string, byte[]> wanted = folder.Outputs();
        folder.Reset(command);
        for (int i = 0; i < kills; i++)
        {
            bool isWorkerKilled = i % 2 == 1; // otherwise it sees that nobody waits for it
            ToolProcess.Run(folder, command, disturb: process =>
            {
                Thread.Sleep(duration * random.NextDouble());
                process.Kill(isWorkerKilled);
            });
            foreach (string output in command.Outputs)
            {
                OutputCheck.ThrowUnlessOldOrNew(folder, output, wanted[output]);
            }
        }

        Succeed(folder, command);
        OutputCheck.ThrowUnlessSame(folder, command, wanted);
    }

    private static void Succeed(ToolFolder folder, ToolCase command)
    {
        if (ToolProcess.Run(folder, command) is { IsDone: false } failed)
        {
            throw new FindingException($"it failed without being killed: {string.Join(' ', failed.Errors)}");
        }
    }
}
