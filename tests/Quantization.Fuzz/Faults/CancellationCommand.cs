using System.Diagnostics;
using System.Globalization;
using Quantization.Fuzz.Campaigns;
using Quantization.Onnx;

namespace Quantization.Fuzz.Faults;

/// <summary>
/// Cancels every long call at random moments, many times in one process. A call ends as cancelled or done, writes nothing unless it is
/// done, and neither memory nor open files grow.
/// </summary>
internal static class CancellationCommand
{
    private const long MostGrowth = 48L << 20;
    private const int MostHandles = 2;

    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(5);

    /// <summary>Cancels each call so often; the number of findings.</summary>
    public static int Run(int times)
    {
        using ToolFolder folder = new();
        Environment.SetEnvironmentVariable("TMPDIR", folder.Temporary);
        int findings = 0;
        foreach ((string name, Action<string, CancellationToken> call) in Calls(folder))
        {
            try
            {
                Console.WriteLine($"  {name}: {Cancel(folder, call, times)}");
            }
            catch (FindingException e)
            {
                findings++;
                Console.WriteLine($"  FOUND {name}: {e.Message}");
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cancellations: {times} of each call, {findings} findings"));
        return findings;
    }

    private static IEnumerable<(string Name, Action<string, CancellationToken> Call)> Calls(ToolFolder folder)
    {
        string model = folder.Model;
        SampleFolder samples = new(folder.Samples);
        PtqOptions ptq = new() { LatencyRuns = 0 };
        WeightOnlyOptions gptq = new() { Bits = 4, BlockSize = 16, Method = WeightMethod.Gptq, LatencyRuns = 0 };
        PartialOptions partial = new() { Target = PartialTarget.Reach(40) };
        yield return ("calibrate", (_, cancellation) => ModelCalibrator.Calibrate(model, samples, cancellationToken: cancellation));
        yield return ("ptq", (output, cancellation) => PostTrainingQuantizer.Quantize(
            model, samples, output, ptq, cancellationToken: cancellation));
        yield return ("dynamic", (output, cancellation) => DynamicQuantizer.Quantize(
            model, samples, output, new DynamicOptions { LatencyRuns = 0 }, cancellationToken: cancellation));
        yield return ("weights", (output, cancellation) => WeightQuantizer.Quantize(
            model, samples, output, gptq, cancellationToken: cancellation));
        yield return ("half", (output, cancellation) => HalfPrecisionConverter.Convert(
            model, samples, output, cancellationToken: cancellation));
        yield return ("search", (output, cancellation) => PtqSearch.Run(model, samples, output, cancellationToken: cancellation));
        yield return ("partial", (output, cancellation) => PartialQuantizer.Run(
            model, samples, output, partial, cancellationToken: cancellation));
        yield return ("auto", (output, cancellation) => AutoQuantizer.Run(model, samples, output, cancellationToken: cancellation));
    }

    private static string Cancel(ToolFolder folder, Action<string, CancellationToken> call, int times)
    {
        string output = folder.PathOf("m.onnx");
        Stopwatch watch = Stopwatch.StartNew();
        call(output, CancellationToken.None);
        call(output, CancellationToken.None);
        TimeSpan duration = watch.Elapsed / 2, longest = TimeSpan.Zero;
        Random random = new(times);
        int cancelled = 0;
        (long Bytes, int Handles) before = default;
        for (int i = 0; i < times; i++)
        {
            if (i == times / 4)
            {
                before = Measure(); // by then all code is compiled and pools are filled
            }

            TimeSpan delay = duration * random.NextDouble();
            (bool isCancelled, TimeSpan took) = CancelOnce(folder, call, output, delay);
            cancelled += isCancelled ? 1 : 0;
            longest = took - delay > longest ? took - delay : longest;
        }

        (long bytes, int handles) = Measure();
        string told = string.Create(
            CultureInfo.InvariantCulture, $"{cancelled} cancelled, {times - cancelled} done, an end took {longest.TotalMilliseconds:0} ms "
                + $"at most, {(bytes - before.Bytes) >> 10} KB and {handles - before.Handles} open files more");
        return bytes - before.Bytes > MostGrowth || handles - before.Handles > MostHandles || longest > LongestEnd
            ? throw new FindingException(told)
            : told;
    }

    private static (bool IsCancelled, TimeSpan Took) CancelOnce(
        ToolFolder folder, Action<string, CancellationToken> call, string output, TimeSpan delay)
    {
        File.Delete(output);
        using CancellationTokenSource source = new();
        Stopwatch watch = Stopwatch.StartNew();
        source.CancelAfter(delay);
        bool isCancelled = false;
        try
        {
            call(output, source.Token);
        }
        catch (OperationCanceledException)
        {
            isCancelled = true;
        }

        TimeSpan took = watch.Elapsed;
        string[] left = [.. folder.Outputs().Keys.Where(name => isCancelled || name != "m.onnx"), .. folder.TemporaryFiles()];
        return left.Length > 0
            ? throw new FindingException($"cancelled after {delay.TotalMilliseconds:0} ms, it left {string.Join(", ", left)}")
            : folder.FindChangedInput() is { } changed ? throw new FindingException(changed)
            : (isCancelled, isCancelled ? took : delay);
    }

    private static (long Bytes, int Handles) Measure()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        using Process process = Process.GetCurrentProcess();
        return (process.WorkingSet64, Directory.GetFileSystemEntries("/proc/self/fd").Length);
    }
}
