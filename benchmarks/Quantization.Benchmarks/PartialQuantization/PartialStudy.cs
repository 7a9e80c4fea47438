using System.Diagnostics;
using System.Globalization;
using Quantization.Onnx;
using Quantization.Onnx.Tests;
using Quantization.Onnx.Tests.RealModels;

namespace Quantization.Benchmarks.PartialQuantization;

/// <summary>
/// Partial quantization of the recognizer of text lines and of the small classifier: how many layers stay in float, what it costs, how well
/// the measures of sensitivity agree.
/// </summary>
internal static class PartialStudy
{
    private const int CalibrationLines = 60;
    private const int ScoringLines = 100;
    private const int UnseenLines = 200;
    private const int AgreementLines = 24;

    /// <summary>
    /// Runs the parts that are named, or all: <c>per-tensor</c>, <c>per-channel</c>, <c>steps</c>, <c>budget</c>, <c>fashion</c>,
    /// <c>agreement</c>.
    /// </summary>
    public static int Run(string[] parts)
    {
        string folder = Directory.CreateTempSubdirectory("quantization-").FullName;
        PtqOptions perTensor = new() { WeightGranularity = GranularityKind.PerTensor };
        try
        {
            Part("per-tensor", () => Recognize(
                folder,
                "per tensor, float only",
                new PartialOptions { Target = PartialTarget.MaxLoss(0.005), Baseline = perTensor, Steps = [] }));
            Part("per-channel", () =>
                Recognize(folder, "per channel, float only", new PartialOptions { Target = PartialTarget.MaxLoss(0.005), Steps = [] }));
            Part("steps", () => Recognize(
                folder,
                "per tensor, steps before float",
                new PartialOptions { Target = PartialTarget.MaxLoss(0.005), Baseline = perTensor }));
            Part("budget", () => Recognize(
                folder,
                "per channel, at most 1.2 times the int8 latency",
                new PartialOptions { Target = PartialTarget.MaxLatencyRatio(1.2), Steps = [] }));
            Part("fashion", () =>
            {
                PtqOptions fourBits = new() { WeightFormat = CodeFormat.Signed(4), WeightGranularity = GranularityKind.PerTensor };
                PartialOptions options =
                    new() { Target = PartialTarget.MaxLoss(0.01), Baseline = fourBits, BatchSize = 100, RankingSamples = 200 };
                Classify(folder, "4-bit weights per tensor, float only", options with { Steps = [] });
                Classify(folder, "4-bit weights per tensor, steps before float", options);
            });
            Part("agreement", () =>
            {
                Agree("recognizer, per tensor", perTensor, OcrModels.Recognizer, Calibration(), Lines(3, AgreementLines), ErrorRate(), 1);
                Agree(
                    "recognizer, per channel",
                    new PtqOptions(),
                    OcrModels.Recognizer,
                    Calibration(),
                    Lines(3, AgreementLines),
                    ErrorRate(),
                    1);
                Agree(
                    "classifier, 4 bits per tensor",
                    perTensor with { WeightFormat = CodeFormat.Signed(4) },
                    FashionExample.ModelPath,
                    FashionExample.TrainingImages(0, 100),
                    FashionExample.TestImages(0, 500),
                    null,
                    100);
            });
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        void Part(string name, Action run)
        {
            if (parts.Length == 0 || parts.Contains(name))
            {
                run();
            }
        }
    }

    private static SampleList Calibration() => Lines(1, CalibrationLines);

    private static SampleList Scoring() => Lines(3, ScoringLines);

    private static SampleList Lines(int seed, int count) => new([.. TextLine.Render(seed, count).Select(line => line.ToSample())]);

    /// <summary>The character error rate; a sample is named after its text, in quotes.</summary>
    private static ModelMetric ErrorRate()
    {
        string[] alphabet = OcrModels.Alphabet;
        return ModelMetric.Create(
            "character error rate",
            outputs => Ctc.ErrorRate(
                outputs.Select(line => (line.Sample.Name[1..^1], Ctc.Decode(line.GetValues(line.Names.First()), alphabet)))),
            largerIsBetter: false);
    }

    private static void Recognize(string folder, string title, PartialOptions options)
    {
        string path = Path.Combine(folder, "recognizer.onnx");
        PartialResult result = Measure(
            title,
            options with { Metric = ErrorRate() },
            (with, progress) => PartialQuantizer.Run(OcrModels.Recognizer, Calibration(), Scoring(), path, with, progress));
        TextLine[] unseen = TextLine.Render(2, UnseenLines);
        using Recognizer original = new(OcrModels.Recognizer), partial = new(path);
        Print(
            $"unseen lines: CER {original.ErrorRate(unseen):0.0000} in float, {partial.ErrorRate(unseen):0.0000} partially quantized; {string.Join(", ", result.Model.Int8Operators)}");
    }

    private static void Classify(string folder, string title, PartialOptions options) => Measure(
        title, options, (with, progress) => PartialQuantizer.Run(
            FashionExample.ModelPath,
            FashionExample.TrainingImages(0, 100),
            FashionExample.TestImages(0, 1000),
            Path.Combine(folder, "fashion.onnx"),
            with,
            progress));

    private static PartialResult Measure(
        string title, PartialOptions options, Func<PartialOptions, IProgress<QuantizationProgress>, PartialResult> run)
    {
        Print($"\n## {title}");
        TimeSpan start = Process.GetCurrentProcess().TotalProcessorTime;
        Dictionary<QuantizationStage, long> stages = [];
        PartialResult result = run(options, new Stages(stages));
        TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime - start;
        Console.WriteLine(result.Reason);
        Print(
            $"{result.ModelsRun} models, {result.Elapsed.TotalSeconds:0} s by the clock, {processor.TotalSeconds:0} s of processors; {string.Join(", ", stages.Select(each => $"{each.Key} {each.Value}"))}");
        Print($"all int8: {result.Quantized.Score}");
        Print($"written:  {result.Written.Score}, {result.Written.ModelBytes} bytes");
        foreach (LayerChange change in result.Changes)
        {
            Print($"- {change.Node} ({change.Operator}): {(change.IsFloat ? "float" : string.Join(", ", change.Steps))}. {change.Reason}");
        }

        Console.WriteLine("| float layers | int8 compute | bytes | metric | SQNR |\n|---|---|---|---|---|");
        foreach (PartialPoint point in result.Curve)
        {
            Print(
                $"| {point.FloatLayers.Count} | {point.Int8Share:0.000} | {point.ModelBytes} | {point.Score.Score:0.0000} | {point.Score.SignalToNoise:0.0} | {point.LatencyRatio:0.00}");
        }

        return result;
    }

    private static void Agree(
        string title, PtqOptions baseline, string model, ISampleSource calibration, ISampleSource scoring, ModelMetric? metric,
        int batchSize)
    {
        Print($"\n## agreement: {title}");
        ModelCalibration seen = ModelCalibrator.Calibrate(model, calibration);
        SensitivityResult result = SensitivityAnalyzer.Analyze(
            model, seen, scoring, new SensitivityOptions
            {
                Baseline = baseline,
                Measures = Enum.GetValues<SensitivityMeasure>(),
                Metric = metric,
                BatchSize = batchSize
            });
        Print($"all int8 {result.QuantizedScore.Score:0.0000}, float {result.FloatScore.Score:0.0000}");
        Console.WriteLine("| measure | by | Spearman | models | s | the five most sensitive |\n|---|---|---|---|---|---|");
        foreach (SensitivityRanking ranking in result.Rankings)
        {
            MeasureCost cost = result.Costs[ranking.Measure];
            Print(
                $"| {ranking.Measure} | {ranking.Criterion} | {ranking.CorrelationWithMetric:0.00} | {cost.Models} | {cost.Elapsed.TotalSeconds:0.0} | {string.Join(", ", ranking.Layers.Take(5).Select(layer => $"{layer.Node} {layer.Sensitivity:0.####}"))} |");
        }
    }

    private static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>Counts the models of each stage.</summary>
    private sealed class Stages(Dictionary<QuantizationStage, long> stages) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) => stages[value.Stage] = value.Completed;
    }
}
