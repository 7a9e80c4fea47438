using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Quantization.Tool;

namespace Quantization.Benchmarks.LargeModels;

/// <summary>Peak memory and time of <c>quantize ptq</c> on a large model, in processes of their own.</summary>
internal static class LargeModelMemory
{
    /// <summary>The argument that makes this program run the tool: what the processes of <see cref="Report"/> do.</summary>
    public const string ToolArgument = "large-model-tool";

    private const int Rounds = 3;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Makes the model with its weights inside and beside it, quantizes both and prints a table of medians.</summary>
    public static int Report()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("quantization-benchmark-");
        try
        {
            string samples = Path.Combine(folder.FullName, "samples");
            string inline = Path.Combine(folder.FullName, "inline.onnx"), external = Path.Combine(folder.FullName, "external.onnx");
            LargeModel.Documented.SaveSamples(samples);
            LargeModel.Documented.SaveInline(inline);
            LargeModel.Documented.SaveExternal(external);
            Console.WriteLine("| weights | peak memory | time | processor time | SHA-256 of the output |\n|---|---|---|---|---|");
            Print("in the model's file", inline, samples);
            Print("in a file beside it", external, samples);
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Runs the tool in this process.</summary>
    public static int RunTool(string[] arguments) => ToolApplication.Run(arguments, ToolConsole.Attach(), CancellationToken.None);

    private static void Print(string name, string model, string samples)
    {
        string output = model + ".int8.onnx";
        List<(long Peak, TimeSpan Time, TimeSpan Processor)> runs =
            [.. Enumerable.Range(0, Rounds).Select(_ => Measure("ptq", model, "--data", samples, "--output", output))];
        long peak = MedianOf(run => run.Peak);
        TimeSpan time = MedianOf(run => run.Time), processor = MedianOf(run => run.Processor);
        using FileStream written = File.OpenRead(output);
        string hash = Convert.ToHexStringLower(SHA256.HashData(written))[..16];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {peak / 1e9:F2} GB | {time.TotalSeconds:F1} s | {processor.TotalSeconds:F1} s | {hash} |"));

        T MedianOf<T>(Func<(long Peak, TimeSpan Time, TimeSpan Processor), T> figure) => runs.Select(figure).Order().ElementAt(Rounds / 2);
    }

    /// <summary>Neither figure falls while the process runs, so that the last look is nearly the final one.</summary>
    private static (long Peak, TimeSpan Time, TimeSpan Processor) Measure(params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        bool isHosted = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        string[] host = isHosted ? [typeof(LargeModelMemory).Assembly.Location] : [];
        foreach (string argument in (string[])[.. host, ToolArgument, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        long begin = Stopwatch.GetTimestamp(), peak = 0;
        TimeSpan processor = TimeSpan.Zero;
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        while (!process.WaitForExit(PollInterval))
        {
            (long seen, processor) = Look(process) ?? (peak, processor);
            peak = Math.Max(peak, seen); // a process that is about to end has no memory any more
        }

        TimeSpan time = Stopwatch.GetElapsedTime(begin);
        return process.ExitCode == 0
            ? (peak, time, processor)
            : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with exit code {process.ExitCode}.");
    }

    /// <summary>The peak memory and the processor time so far; null where the process has just ended.</summary>
    private static (long Peak, TimeSpan Processor)? Look(Process process)
    {
        try
        {
            process.Refresh();
            return (process.PeakWorkingSet64, process.TotalProcessorTime);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
