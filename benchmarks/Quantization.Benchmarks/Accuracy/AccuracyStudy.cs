using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;

namespace Quantization.Benchmarks.Accuracy;

/// <summary>How near to float models are by default, on samples that did not calibrate.</summary>
internal static class AccuracyStudy
{
    public static int Run(string models, string samples, string[] names)
    {
        foreach (string path in Directory.GetFiles(models, "*.onnx").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(path);
            if (names.Length > 0 && !names.Contains(name) || !Directory.Exists(Path.Combine(samples, name)))
            {
                continue;
            }

            ISampleSource calibrate = new SampleFolder(Path.Combine(samples, name, "calibrate"));
            ISampleSource evaluate = new SampleFolder(Path.Combine(samples, name, "evaluate"));
            foreach ((string variant, PtqOptions options) in Variants())
            {
                string output = Path.Combine(Path.GetTempPath(), $"accuracy-{name}-{variant}.onnx");
                long start = Stopwatch.GetTimestamp();
                PtqResult result = PostTrainingQuantizer.Quantize(path, calibrate, output, options with { LatencyRuns = 0 });
                TimeSpan time = Stopwatch.GetElapsedTime(start);
                (double cosine, double decibels, double ratio) = Compare(path, output, evaluate);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name,-24} {variant,-10} c {1 - cosine:0.00000} dB {decibels:0.0} size {(double)result.OutputBytes / result.ModelBytes:0.000} time {ratio:0.00} quantizing {time.TotalSeconds:0.0} s"));
            }
        }

        return 0;
    }

    /// <summary>Means over all samples and outputs, and the ratio of the median times.</summary>
    private static (double Cosine, double Decibels, double Ratio) Compare(string reference, string other, ISampleSource samples)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        using InferenceSession floats = new(reference, options), codes = new(other, options);
        using RunOptions run = new();
        List<double> cosines = [], decibels = [], floatTimes = [], codeTimes = [];
        foreach (ModelSample sample in samples)
        {
            using BoundSample bound = SampleBinder.Bind(sample, floats.InputMetadata);
            long start = Stopwatch.GetTimestamp();
            using IDisposableReadOnlyCollection<OrtValue> expected = floats.Run(run, bound.Inputs, floats.OutputNames);
            long middle = Stopwatch.GetTimestamp();
            using IDisposableReadOnlyCollection<OrtValue> actual = codes.Run(run, bound.Inputs, floats.OutputNames);
            codeTimes.Add(Stopwatch.GetElapsedTime(middle).TotalMilliseconds);
            floatTimes.Add(Stopwatch.GetElapsedTime(start, middle).TotalMilliseconds);
            foreach ((OrtValue e, OrtValue a) in expected.Zip(actual))
            {
                SignalEnergies energies = default(SignalEnergies).With(e.GetTensorDataAsSpan<float>(), a.GetTensorDataAsSpan<float>());
                cosines.Add(energies.Cosine);
                decibels.Add(Math.Min(100, energies.SignalToNoise));
            }
        }

        floatTimes.Sort();
        codeTimes.Sort();
        return (cosines.Average(), decibels.Average(), codeTimes[codeTimes.Count / 2] / floatTimes[floatTimes.Count / 2]);
    }

    private static IEnumerable<(string, PtqOptions)> Variants()
    {
        string[] wanted = (Environment.GetEnvironmentVariable("VARIANTS") ?? "max mse refined").Split(' ');
        (string, PtqOptions)[] all =
        [
            ("max", new PtqOptions { ActivationCalibrator = new MaxCalibrator(), Refine = false }),
            ("mse", new PtqOptions { ActivationCalibrator = new MseCalibrator(), Refine = false }),
            ("refined", new PtqOptions { ActivationCalibrator = new MseCalibrator() }),
        ];
        return all.Where(each => wanted.Contains(each.Item1));
    }
}
