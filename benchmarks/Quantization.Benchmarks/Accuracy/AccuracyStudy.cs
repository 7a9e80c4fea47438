using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Quantization.Benchmarks.Support;
using Quantization.Onnx;

namespace Quantization.Benchmarks.Accuracy;

/// <summary>
/// How near to float models are by default, beside all seen values as the range and beside least squared error alone, on samples that did
/// not calibrate. <c>docs/studies/accuracy.md</c> has the table.
/// </summary>
internal static class AccuracyStudy
{
    private static readonly (string Name, PtqOptions Options)[] Variants =
    [
        ("Max", new PtqOptions { ActivationCalibrator = new MaxCalibrator(), Refine = false, LatencyRuns = 0 }),
        ("MSE", new PtqOptions { Refine = false, LatencyRuns = 0 }),
        ("default", new PtqOptions { LatencyRuns = 0 }),
    ];

    /// <summary>The mean cosine by sample and output, as the table has it.</summary>
    private static readonly ModelMetric MeanCosine = ModelMetric.Create("mean cosine", samples => samples
        .SelectMany(
            sample => sample.Names.Select(name => default(SignalEnergies).With(sample.GetReference(name), sample.GetValues(name)).Cosine))
        .Average());

    /// <summary>Prints the table.</summary>
    /// <param name="arguments">
    /// A folder of models and one of samples, or nothing; then the names of the models to look at, or nothing for all; <c>--search</c> to
    /// search besides, on the calibration samples; and <c>--partial COSINE</c> to quantize partially besides, so that the mean cosine on
    /// the calibration samples reaches this figure.
    /// </param>
    public static int Run(string[] arguments)
    {
        double? reach = null;
        if (Array.IndexOf(arguments, "--partial") is >= 0 and int option)
        {
            reach = double.Parse(arguments[option + 1], CultureInfo.InvariantCulture);
            arguments = [.. arguments[..option], .. arguments[(option + 2)..]];
        }

        bool searches = arguments.Contains("--search");
        arguments = [.. arguments.Where(argument => argument != "--search")];
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        (string[] folders, string[] names) = arguments is [string models, string samples, .. string[] rest] && Directory.Exists(models)
            ? ((string[])[models, samples], rest)
            : ([], arguments);
        IEnumerable<AccuracySubject> subjects = folders.Length == 2
            ? AccuracySubject.OfFolder(folders[0], folders[1])
            : AccuracySubject.OfImages();
        subjects = names.Contains("recognizer") ? AccuracySubject.OfText()
            : names.Contains("MiniLM") ? [AccuracySubject.OfSentences(folder.FullName)]
            : subjects.Where(each => names.Length == 0 || names.Contains(each.Name));
        Console.WriteLine("| model | ranges | 1 − cosine | SQNR | agreement | size | time | quantizing | |");
        Console.WriteLine("|---|---|---:|---:|---:|---:|---:|---:|---|");
        foreach (AccuracySubject subject in subjects)
        {
            string output = folder["quantized.onnx"];
            foreach ((string variant, PtqOptions options) in Variants)
            {
                long start = Stopwatch.GetTimestamp();
                PtqResult result = PostTrainingQuantizer.Quantize(subject.ModelPath, subject.Calibrating, output, options);
                string refined = result.Refinement is { } refinement
                    ? FormattableString.Invariant(
                        $"{refinement.IntegerShare:P0} on integers, {refinement.ScaledConvolutions} scaled, {refinement.CorrectedBiases} biases")
                    : "";
                Print(subject, variant, output, result, Stopwatch.GetElapsedTime(start), refined);
            }

            if (searches)
            {
                SearchOptions options = new() { Baseline = new PtqOptions { LatencyRuns = 0 } };
                SearchResult result = PtqSearch.Run(subject.ModelPath, subject.Calibrating, output, options);
                Print(subject, "search", output, result.Model, result.Elapsed, FormattableString.Invariant(
                    $"{result.Trials.Count} trials: {result.Best.Name}"));
            }

            if (reach is { } figure)
            {
                PartialOptions options =
                    new() { Target = PartialTarget.Reach(figure), Metric = MeanCosine, Baseline = new PtqOptions { LatencyRuns = 0 } };
                PartialResult result = PartialQuantizer.Run(subject.ModelPath, subject.Calibrating, subject.Calibrating, output, options);
                string done = FormattableString.Invariant(
                    $"{result.Written.Int8Share:P0} on integers, {result.Written.FloatLayers.Count} layers and {result.Written.FloatActivations.Count} activations in float, {result.Written.WeightOnlyLayers.Count} with int8 weights alone, {result.Changes.Count} changed, {(result.IsTargetMet ? "met" : "missed")}, {result.ModelsRun} models");
                Print(subject, FormattableString.Invariant($"partial {figure}"), output, result.Model, result.Elapsed, done);
            }
        }

        return 0;
    }

    private static void Print(AccuracySubject subject, string variant, string output, PtqResult result, TimeSpan time, string done)
    {
        (double cosine, double decibels, double ratio) = Compare(subject.ModelPath, output, subject.Evaluating);
        double? agreement = ModelEvaluator.Evaluate(subject.ModelPath, [output], subject.Evaluating).Candidates[0].Agreement;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {subject.Name} | {variant} | {1 - cosine:0.00000} | {decibels:0.0} | {agreement:P1} | "
                + $"{(double)result.OutputBytes / result.ModelBytes:0.000} | {ratio:0.00} | {time.TotalSeconds:0.0} s | "
                + $"{subject.Judge?.Invoke(output)} {done} |"));
    }

    /// <summary>Means over all samples and outputs, and the ratio of the median times.</summary>
    private static (double Cosine, double Decibels, double Ratio) Compare(string reference, string other, ISampleSource samples)
    {
        using SessionOptions options =
            new() { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
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
