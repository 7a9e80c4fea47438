using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;

namespace Quantization.Benchmarks.Calibration;

/// <summary>
/// What calibrating a model costs beside plainly running it on the same samples: time, turn by turn in one process, and memory, with few
/// samples and with many.
/// </summary>
internal static class CalibrationCost
{
    private const int TimedSamples = 48;
    private const int Rounds = 7;
    private const int FewSamples = 50;
    private const int ManySamples = 1000;
    private const double MostTime = 1.5;
    private const double MostMemory = 1.1;

    public static int Report(CalibrationSubject subject)
    {
        Console.WriteLine($"{subject.Name}: {TimedSamples} samples, {Rounds} rounds, medians\n");
        Console.WriteLine("| threads | | plain, ms a sample | calibrating, ms a sample | ratio | target | |");
        Console.WriteLine("|---:|---|---:|---:|---:|---:|---|");
        ModelSample[] samples = [.. subject.Stream(TimedSamples)];
        bool met = CompareTime(subject.ModelPath, samples, 1);
        if (Environment.ProcessorCount > 1)
        {
            met &= CompareTime(subject.ModelPath, samples, Environment.ProcessorCount);
        }

        (long few, long many) = CalibrationMemory.Measure(subject, FewSamples, ManySamples);
        double growth = (double)many / few;
        met &= growth <= MostMemory;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"\nPeak of the working set: {few / 1e6:F0} MB with {FewSamples} samples, {many / 1e6:F0} MB with {ManySamples}, ratio "
                + $"{growth:F3} (target ≤ {MostMemory}: {(growth <= MostMemory ? "met" : "missed")})"));
        return met ? 0 : 1;
    }

    private static bool CompareTime(string modelPath, ModelSample[] samples, int threads)
    {
        List<Cost> plain = [], calibrating = [];
        for (int round = 0; round < Rounds; round++)
        {
            plain.Add(Plain(modelPath, samples, threads));
            calibrating.Add(Calibrating(modelPath, samples, threads));
        }

        bool met = Print("wall", cost => cost.Wall);
        return Print("processor", cost => cost.Processor) & met;

        bool Print(string kind, Func<Cost, double> time)
        {
            double ours = Median(calibrating.Select(time)), theirs = Median(plain.Select(time));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {threads} | {kind} | {theirs:F1} | {ours:F1} | {ours / theirs:F2} | ≤ {MostTime} | "
                    + $"{(ours / theirs <= MostTime ? "met" : "missed")} |"));
            return ours / theirs <= MostTime;
        }
    }

    private static Cost Plain(string modelPath, ModelSample[] samples, int threads)
    {
        using SessionOptions options = SingleThreaded();
        using InferenceSession session = new(modelPath, options);
        Run(samples[0]);
        int next = 0;
        Clock clock = Clock.Start();
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            while (Interlocked.Increment(ref next) is int taken && taken < samples.Length)
            {
                Run(samples[taken]);
            }
        });
        return clock.Stop(samples.Length - 1);

        void Run(ModelSample sample)
        {
            using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, session.OutputNames);
        }
    }

    /// <summary>As the samples after the first are run: opening the model takes its time once.</summary>
    private static Cost Calibrating(string modelPath, ModelSample[] samples, int threads)
    {
        FirstSample first = new();
        CalibrationSubject subject = new(modelPath, modelPath, count => samples.Take(count));
        CalibrationOptions options = new() { MaxDegreeOfParallelism = threads, SessionOptionsFactory = SingleThreaded };
        ModelCalibrator.Calibrate(modelPath, subject.Samples(samples.Length), options, first);
        return first.Clock!.Value.Stop(samples.Length - 1);
    }

    private static SessionOptions SingleThreaded() => new() { IntraOpNumThreads = 1 };

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);

    /// <summary>Starts a clock when the first sample is done.</summary>
    private sealed class FirstSample : IProgress<QuantizationProgress>
    {
        public Clock? Clock { get; private set; }

        public void Report(QuantizationProgress value) =>
            Clock ??= value is { Stage: QuantizationStage.Calibrating, Completed: > 0 } ? CalibrationCost.Clock.Start() : null;
    }

    /// <summary>Milliseconds a sample.</summary>
    private readonly record struct Cost(double Wall, double Processor);

    private readonly record struct Clock(long Timestamp, TimeSpan Processor)
    {
        public static Clock Start() => new(Stopwatch.GetTimestamp(), ProcessorTime());

        public Cost Stop(int samples) =>
            new(Stopwatch.GetElapsedTime(Timestamp).TotalMilliseconds / samples, (ProcessorTime() - Processor).TotalMilliseconds / samples);

        private static TimeSpan ProcessorTime()
        {
            using Process process = Process.GetCurrentProcess();
            return process.TotalProcessorTime;
        }
    }
}
