using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Quantization.Benchmarks.Support;
using Quantization.Onnx;

namespace Quantization.Benchmarks.Accuracy;

/// <summary>
/// How near to float models are by default, beside all seen values as the range and beside least squared error alone, on samples that did not calibrate. <c>docs/accuracy.md</c> has the table.
/// </summary>
internal static class AccuracyStudy
{
    private static readonly (string Name, PtqOptions Options)[] Variants =
    [
        ("Max", new PtqOptions { ActivationCalibrator = new MaxCalibrator(), Refine = false, LatencyRuns = 0 }),
        ("MSE", new PtqOptions { Refine = false, LatencyRuns = 0 }),
        ("default", new PtqOptions { LatencyRuns = 0 }),
    ];

    /// <summary>Prints the table.</summary>
    /// <param name="arguments">A folder of models and one of samples, or nothing; then the names of the models to look at, or nothing for all.</param>
    public static int Run(string[] arguments)
    {
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        (string[] folders, string[] names) = arguments is [string models, string samples, .. string[] rest] && Directory.Exists(models) ? ((string[])[models, samples], rest) : ([], arguments);
        IEnumerable<AccuracySubject> subjects = folders.Length == 2 ? AccuracySubject.OfFolder(folders[0], folders[1]) : AccuracySubject.OfImages();
        subjects = names.Contains("recognizer") ? AccuracySubject.OfText() : names.Contains("MiniLM") ? [AccuracySubject.OfSentences(folder.FullName)] : subjects.Where(each => names.Length == 0 || names.Contains(each.Name));
        Console.WriteLine("| model | ranges | 1 − cosine | SQNR | agreement | size | time | quantizing | |");
        Console.WriteLine("|---|---|---:|---:|---:|---:|---:|---:|---|");
        foreach (AccuracySubject subject in subjects)
        {
            foreach ((string variant, PtqOptions options) in Variants)
            {
                string output = folder[$"{variant}.onnx"];
                long start = Stopwatch.GetTimestamp();
                PtqResult result = PostTrainingQuantizer.Quantize(subject.ModelPath, subject.Calibrating, output, options);
                TimeSpan time = Stopwatch.GetElapsedTime(start);
                (double cosine, double decibels, double ratio) = Compare(subject.ModelPath, output, subject.Evaluating);
                double? agreement = ModelEvaluator.Evaluate(subject.ModelPath, [output], subject.Evaluating).Candidates[0].Agreement;
                string refined = result.Refinement is { } refinement ? FormattableString.Invariant($"{refinement.IntegerShare:P0} on integers, {refinement.ScaledConvolutions} scaled, {refinement.CorrectedBiases} biases") : "";
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {subject.Name} | {variant} | {1 - cosine:0.00000} | {decibels:0.0} | {agreement:P1} | {(double)result.OutputBytes / result.ModelBytes:0.000} | {ratio:0.00} | {time.TotalSeconds:0.0} s | {subject.Judge?.Invoke(output)} {refined} |"));
            }
        }

        return 0;
    }

    /// <summary>Means over all samples and outputs, and the ratio of the median times.</summary>
    private static (double Cosine, double Decibels, double Ratio) Compare(string reference, string other, ISampleSource samples)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
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
}
