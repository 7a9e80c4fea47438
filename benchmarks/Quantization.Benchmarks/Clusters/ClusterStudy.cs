using System.Diagnostics;
using System.Globalization;
using Quantization.Benchmarks.Calibration;
using Quantization.Benchmarks.LargeModels;
using Quantization.Onnx;
using Quantization.Orleans;

namespace Quantization.Benchmarks.Clusters;

/// <summary>Work on several workers: beside one process on this machine, and simulated for many.</summary>
internal static class ClusterStudy
{
    private const int SimulatedSamples = 1_000_000;

    private const int SimulatedTrials = 2_000;

    private const int ScoringSamples = 5_000;

    private static readonly int[] Workers = [1, 10, 30, 100, 300, 1000];

    /// <summary><c>cluster simulate</c> or <c>cluster compare SAMPLES</c>, and a subject.</summary>
    public static int Run(string[] arguments)
    {
        string folder = Directory.CreateTempSubdirectory("quantization-benchmark-").FullName;
        try
        {
            return arguments switch
            {
                ["simulate", .. string[] subject] => Simulate(CalibrationSubject.Find(subject), folder).GetAwaiter().GetResult(),
                ["compare", string samples, .. string[] subject] =>
                    Compare(CalibrationSubject.Find(subject), int.Parse(samples, CultureInfo.InvariantCulture), folder)
                        .GetAwaiter().GetResult(),
                _ => throw new ArgumentException(
                    "Give 'simulate' or 'compare SAMPLES', and a subject as 'calibration' takes it.", nameof(arguments)),
            };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> Simulate(CalibrationSubject subject, string folder)
    {
        ClusterCosts costs = await ClusterCosts.Measure(subject, folder);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {subject.Name}, one thread: {costs.Sample * 1e3:F1} ms a sample of a calibration, {costs.TrialSample * 1e3:F1} ms a sample of a trial;
            the queue {costs.Call * 1e6:F0} µs a call; the client {costs.Store * 1e3:F2} ms to name a sample, {costs.Merge * 1e3:F1} ms for a result of {costs.ResultBytes / 1e6:F1} MB, {costs.Make * 1e3:F0} ms to make a trial

            """));
        int size = SpreadCalibration.SizeOfShard(SimulatedSamples), shards = (SimulatedSamples + size - 1) / size;
        Print($"{SimulatedSamples:N0} samples in {shards} shards", new ClusterSimulation(
            shards, size * costs.Sample, costs.Call, 0, costs.Merge, SimulatedSamples * costs.Store / Environment.ProcessorCount));
        Print(
            $"{SimulatedTrials:N0} independent trials on {ScoringSamples:N0} samples",
            new ClusterSimulation(
                SimulatedTrials,
                ScoringSamples * costs.TrialSample,
                costs.Call,
                costs.Make / Environment.ProcessorCount,
                0,
                ScoringSamples * costs.TrialSample));
        return 0;
    }

    private static void Print(string job, ClusterSimulation simulation)
    {
        double alone = simulation.Run(1).Seconds;
        Console.WriteLine(
            $"{job}\n\n| workers | time | speed-up | efficiency | queue busy | client busy |\n|---:|---:|---:|---:|---:|---:|");
        foreach (int workers in Workers)
        {
            (double seconds, double queue, double client) = simulation.Run(workers);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {workers} | {TimeSpan.FromSeconds(seconds):d\\.hh\\:mm\\:ss} | {alone / seconds:F1} | "
                    + $"{alone / seconds / workers:P0} | {queue:P1} | {client:P0} |"));
        }

        Console.WriteLine();
    }

    /// <summary>As many one-thread workers as processors, beside one process with as many threads.</summary>
    private static async Task<int> Compare(CalibrationSubject subject, int samples, string folder)
    {
        int count = Environment.ProcessorCount;
        Process[] workers = [.. Enumerable.Range(0, count).Select(_ => StartWorker(folder))];
        try
        {
            await using FolderClusterClient client = await FolderCluster.ConnectAsync(folder);
            while (client.Place.Status.Workers.Count < count)
            {
                await Task.Delay(100);
            }

            // A first shard each opens sessions, as the other process does below within its time.
            (double here, byte[] expected) = Time(subject, samples, new CalibrationOptions { MaxDegreeOfParallelism = count });
            (double there, byte[] found) = Time(subject, samples, new CalibrationOptions { Place = client.Place });
            bool isMet = there <= 1.2 * here && found.AsSpan().SequenceEqual(expected);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{subject.Name}, {samples} samples: {here:F1} s in one process with {count} threads, {there:F1} s on {count} workers of "
                    + $"one thread, ratio {there / here:F2} (target ≤ 1.2: {(isMet ? "met" : "missed")}), "
                    + $"{(found.AsSpan().SequenceEqual(expected) ? "the same bytes" : "OTHER BYTES")}"));
            return isMet ? 0 : 1;
        }
        finally
        {
            foreach (Process worker in workers)
            {
                worker.Kill(entireProcessTree: true);
                worker.Dispose();
            }
        }
    }

    private static (double Seconds, byte[] Result) Time(CalibrationSubject subject, int samples, CalibrationOptions options)
    {
        long start = Stopwatch.GetTimestamp();
        ModelCalibration calibration = ModelCalibrator.Calibrate(subject.ModelPath, subject.Samples(samples), options);
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, SpreadCalibration.Write(calibration));
    }

    private static Process StartWorker(string folder)
    {
        string program = Environment.ProcessPath!;
        string[] host = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(ClusterStudy).Assembly.Location] : [];
        ProcessStartInfo start = new(program, [.. host, LargeModelMemory.ToolArgument, "worker", "--cluster", folder, "--threads", "1"])
        {
            RedirectStandardOutput = true
        };
        return Process.Start(start)!;
    }
}
