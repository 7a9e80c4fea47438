using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quantization.Benchmarks.Calibration;
using Quantization.Onnx;
using Quantization.Orleans;

namespace Quantization.Benchmarks.Clusters;

/// <summary>What the parts of a spread calibration and of spread trials cost, in seconds.</summary>
/// <param name="Sample">A thread of a worker for one sample of a calibration.</param>
/// <param name="TrialSample">A thread of a worker for one sample of a trial.</param>
/// <param name="Call">The queue for one call of a worker or client.</param>
/// <param name="ResultBytes">The size of a shard's result.</param>
/// <param name="Merge">The client for one result of a shard: checking, keeping and merging.</param>
/// <param name="Store">The client for naming one sample: reading and hashing its file.</param>
/// <param name="Make">The client for making and storing the model of a trial.</param>
internal sealed record ClusterCosts(
    double Sample, double TrialSample, double Call, long ResultBytes, double Merge, double Store, double Make)
{
    private const int Samples = 32;

    private const int Calls = 500;

    /// <summary>Measures them on this machine, one after another.</summary>
    public static async Task<ClusterCosts> Measure(CalibrationSubject subject, string folder)
    {
        ModelSample[] samples = [.. subject.Stream(Samples)];
        CalibrationOptions oneThread = new()
        {
            MaxDegreeOfParallelism = 1,
            SessionOptionsFactory = () => new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = 1 }
        };
        ModelCalibration calibration = ModelCalibrator.Calibrate(subject.ModelPath, SampleSource.FromEnumerable(samples), oneThread);
        double few = Time(() => ModelCalibrator.Calibrate(subject.ModelPath, SampleSource.FromEnumerable(samples[..1]), oneThread));
        double sample = (Time(() => ModelCalibrator.Calibrate(subject.ModelPath, SampleSource.FromEnumerable(samples), oneThread)) - few)
            / (Samples - 1);

        string kept = Path.Combine(folder, "kept.qcal");
        double merge = Time(() =>
        {
            calibration.Save(kept);
            ModelCalibration.Load(kept).Merge(calibration);
        });
        string output = Path.Combine(folder, "model.onnx");
        double make = Time(() => PostTrainingQuantizer.Quantize(
            subject.ModelPath, calibration, output, new PtqOptions { Refine = false, LatencyRuns = 0 }));
        EvaluationOptions evaluation = new() { LatencyRuns = 0 };
        double evaluate = Time(() => ModelEvaluator.Evaluate(subject.ModelPath, [output], SampleSource.FromEnumerable(samples), evaluation))
            / Samples / 2;
        string[] files = [.. samples.Select((each, i) => Path.Combine(folder, $"{i}.sample"))];
        for (int i = 0; i < files.Length; i++)
        {
            await File.WriteAllBytesAsync(files[i], SamplePack.Write(samples[i]));
        }

        double name = Time(() => Array.ForEach(files, file => WorkStore.Hash(file))) / Samples;
        return new ClusterCosts(sample, evaluate, await MeasureCall(folder), new FileInfo(kept).Length, merge, name, make);
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Calls side by side tell how many a silo takes a second.</summary>
    private static async Task<double> MeasureCall(string folder)
    {
        using IHost host = FolderCluster.BuildWorker(folder);
        await host.StartAsync();
        IWorkQueueGrain queue = host.Services.GetRequiredService<IGrainFactory>().GetGrain<IWorkQueueGrain>(WorkQueueGrain.Key);
        await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => queue.Beat("nobody", [])));
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => queue.Beat("nobody", [])));
        double call = Stopwatch.GetElapsedTime(start).TotalSeconds / Calls;
        await host.StopAsync();
        return call;
    }
}
