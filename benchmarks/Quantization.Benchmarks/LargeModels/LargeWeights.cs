using System.Diagnostics;
using System.Globalization;

namespace Quantization.Benchmarks.LargeModels;

/// <summary>
/// Peak anonymous memory and time of <c>quantize weights --bits 4</c> on a chain of 4,096² layers, in processes of their own: to the
/// nearest code, with ranges searched and not, and by GPTQ with 16 samples of 64 rows. Beside it how long a copy of the files takes.
/// </summary>
internal static class LargeWeights
{
    private const int Width = 4096;
    private const int Samples = 16;
    private const int Rows = 64;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Makes a model, runs the tool and prints a table.</summary>
    /// <param name="arguments">
    /// The layers, 120 for 8 GB, then <c>inline</c> or <c>external</c>, then the ways: <c>max</c>, <c>nearest</c>, <c>gptq</c>.
    /// </param>
    public static int Run(string[] arguments)
    {
        ChainModel chain = new(int.Parse(arguments[0], CultureInfo.InvariantCulture), Width);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("quantization-benchmark-");
        try
        {
            string model = Path.Combine(folder.FullName, "model.onnx"), samples = Path.Combine(folder.FullName, "samples");
            if (arguments[1] == "inline")
            {
                chain.SaveInline(model);
            }
            else
            {
                chain.SaveExternal(model);
            }

            chain.SaveSamples(samples, Samples, Rows);
            Console.WriteLine("| way | peak anonymous memory | time |\n|---|---:|---:|");
            string[] files = Directory.GetFiles(folder.FullName);
            Stopwatch watch = Stopwatch.StartNew();
            foreach (string file in files)
            {
                File.Copy(file, file + ".copy");
            }

            Print("copy", 0, watch.Elapsed);
            Array.ForEach(files, file => File.Delete(file + ".copy"));
            foreach (string way in arguments[2..])
            {
                string output = Path.Combine(folder.FullName, "out.onnx");
                string[] more = way == "gptq" ? ["--method", "gptq", "--data", samples] : way == "max" ? ["--calibrator", "max"] : [];
                (long peak, TimeSpan time) = Measure(["weights", model, "--bits", "4", .. more, "--output", output]);
                Print(way, peak, time);
            }

            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Print(string way, long peak, TimeSpan time) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"| {way} | {peak / 1e6:0} MB | {time.TotalSeconds:0.0} s |"));

    private static (long Peak, TimeSpan Time) Measure(string[] arguments)
    {
        bool isHosted = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        string[] host = isHosted ? [typeof(LargeWeights).Assembly.Location] : [];
        using Process process = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!, [.. host, LargeModelMemory.ToolArgument, .. arguments]))!;
        Stopwatch watch = Stopwatch.StartNew();
        long peak = 0;
        while (!process.WaitForExit(PollInterval))
        {
            peak = Math.Max(peak, AnonymousOf(process.Id));
        }

        return process.ExitCode == 0 ? (peak, watch.Elapsed)
            : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with exit code {process.ExitCode}.");
    }

    /// <summary>
    /// The memory of a process and of those that it started that belongs to no file, as Linux tells it; 0 where it has ended.
    /// </summary>
    private static long AnonymousOf(int process)
    {
        try
        {
            string line = File.ReadLines($"/proc/{process}/status")
                .First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
            string children = File.ReadAllText($"/proc/{process}/task/{process}/children");
            return 1024 * long.Parse(
                line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^2], CultureInfo.InvariantCulture)
                + children.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Sum(child => AnonymousOf(int.Parse(child, CultureInfo.InvariantCulture)));
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
