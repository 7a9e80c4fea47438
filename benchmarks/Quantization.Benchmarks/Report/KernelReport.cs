using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text;
using System.Text.Json;

namespace Quantization.Benchmarks.Report;

/// <summary>
/// Measures the kernels at every width that the machine has, each in a process of its own, and writes
/// <c>benchmarks/results/&lt;cpu&gt;.md</c>.
/// </summary>
internal static class KernelReport
{
    /// <summary>The argument by which a process measures the width that it has.</summary>
    public const string WidthArgument = "report-width";

    private const string CpuInfo = "/proc/cpuinfo";

    public static int MeasureWidth(string path)
    {
        File.WriteAllText(path, JsonSerializer.Serialize(KernelMeasurements.Run()));
        return 0;
    }

    public static int Run(string? path)
    {
        Stopwatch watch = Stopwatch.StartNew();
        List<WidthRun> widths = [.. Widths().Select(width => Measure(width.Name, width.SwitchedOff))];
        string cpu = Processor();
        path ??= Path.Combine("benchmarks", "results", FileName(cpu));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        ReportText text = new(widths);
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"""
            # Kernels on {cpu}

            Written by `dotnet run -c Release --project benchmarks/Quantization.Benchmarks -- report` on .NET {Environment.Version} in {watch.Elapsed.TotalSeconds:F0} s; {Environment.ProcessorCount} processors.
            Each width ran in a process of its own. Figures are medians of interleaved turns; throughput counts the bytes that an operation must read and write. "Limit" is a loop of the same traffic that computes next to nothing, the faster of ordinary and non-temporal stores.
            ONNX Runtime 1.31.1 has one thread, its memory given beforehand, and chooses its width itself. A target is met by its ratio, or by {ReportTarget.OfLimit:0.0} of the limit.
            {text}
            {text.Missed} targets missed.

            """));
        Console.WriteLine($"{text}\n{path}: {text.Missed} targets missed, {watch.Elapsed.TotalSeconds:F0} s");
        return 0;
    }

    private static IEnumerable<(string Name, string? SwitchedOff)> Widths()
    {
        string? next = null;
        if (Vector512.IsHardwareAccelerated)
        {
            yield return ("512 bits", null);
            next = "DOTNET_EnableAVX512";
        }

        if (Avx2.IsSupported)
        {
            yield return ("256 bits", next);
            next = "DOTNET_EnableAVX2";
        }

        yield return ("128 bits", next);
    }

    private static WidthRun Measure(string name, string? switchedOff)
    {
        Console.WriteLine($"{name} …");
        string path = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = new(Environment.ProcessPath!);
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            {
                start.ArgumentList.Add(typeof(KernelReport).Assembly.Location);
            }

            start.ArgumentList.Add(WidthArgument);
            start.ArgumentList.Add(path);
            if (switchedOff is not null)
            {
                start.Environment[switchedOff] = "0";
            }

            using Process process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode == 0
                ? new WidthRun(name, switchedOff, JsonSerializer.Deserialize<List<Measured>>(File.ReadAllText(path))!)
                : throw new InvalidOperationException($"Measuring {name} ended with exit code {process.ExitCode}.");
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static string FileName(string cpu) =>
        string.Concat(cpu.Select(letter => char.IsLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : '-')).Trim('-') + ".md";

    private static string Processor()
    {
        string? model = File.Exists(CpuInfo)
            ? File.ReadLines(CpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        string name = model is null
            ? RuntimeInformation.ProcessArchitecture.ToString()
            : model[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        return Vector512.IsHardwareAccelerated ? $"{name} (AVX-512)" : name;
    }
}
