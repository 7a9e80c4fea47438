using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Gathers the facts of a report.</summary>
internal static class ReportBuilder
{
    /// <summary>What to compare the chosen range of an activation with, where no search names calibrators.</summary>
    private static readonly ICalibrator[] UsualCalibrators = [new MaxCalibrator(), new PercentileCalibrator(), new EntropyCalibrator(), new MseCalibrator()];

    public static QuantizationReport Build(
        string modelPath, PtqResult quantized, PtqOptions options, ModelCalibration calibration, SearchResult? search, EvaluationResult? evaluation, IReadOnlyList<LayerNoise> layers)
    {
        if (evaluation is not null)
        {
            quantized = quantized.WithLatency(new LatencyComparison(evaluation.Reference.MedianLatency, evaluation.Candidates[0].MedianLatency, evaluation.Reference.TimedRuns));
        }

        QuantizationReport report = new()
        {
            Model = Path.GetFileName(modelPath),
            ModelSha256 = calibration.ModelSha256,
            Created = DateTimeOffset.UtcNow,
            Data = DescribeData(calibration, search, evaluation),
            Metric = search?.Metric.Name,
            LargerIsBetter = search?.Metric.LargerIsBetter ?? true,
            Reason = search?.Reason,
            Float = ModelOf("float model", search?.FloatScore, evaluation?.Reference, quantized.ModelBytes, quantized.Latency?.Float, isFloat: true),
            Quantized = ModelOf("int8 model", search?.Best.Score, evaluation?.Candidates[0], quantized.OutputBytes, quantized.Latency?.Quantized),
            Baseline = search is null ? null : ModelOf(search.Baseline.Name, search.Baseline.Score, null, null, null),
            Trials = search is null ? [] : [.. search.Trials.Select(trial => TrialOf(trial, trial == search.Best))],
            Layers = LayersOf(layers),
            Tensors = TensorsOf(quantized, options, calibration, search),
            QuantizedNodes = quantized.QuantizedNodes,
            FloatNodes = quantized.FloatNodes,
            Int8Operators = quantized.Int8Operators,
            Conversions = quantized.Conversions,
            ConversionReasons = quantized.ConversionReasons,
            Warnings = quantized.Warnings,
            Settings = SettingsOf(options),
            Versions = Versions(),
            Advice = [],
        };
        return report with { Advice = ReportAdvice.Of(report) };
    }

    private static ReportData DescribeData(ModelCalibration calibration, SearchResult? search, EvaluationResult? evaluation)
    {
        string split = search is not null
            ? "Calibration and scoring samples were kept apart: no sample that chose a range took part in choosing between models, and the split is the same each time."
            : evaluation is null ? "Nothing was measured, only calibrated." : "The samples to measure with were given by the caller.";
        return new ReportData(calibration.SampleCount, search?.ScoringSamples ?? evaluation?.Samples ?? 0, search?.LabelledSamples ?? evaluation?.LabelledSamples ?? 0, split);
    }

    private static ReportModel ModelOf(string name, TrialScore? score, ModelScore? measured, long? bytes, TimeSpan? latency, bool isFloat = false) => new(
        name,
        score?.Score,
        score is null ? measured?.Top1 : score.Top1,
        isFloat ? null : score is null ? measured?.Agreement : score.Agreement,
        isFloat ? null : score is null ? measured?.WorstSignalToNoise : score.SignalToNoise,
        bytes,
        latency?.TotalMilliseconds);

    private static ReportTrial TrialOf(SearchTrial trial, bool isBest) => new(
        trial.Name,
        trial.Options.ActivationCalibrator.Name,
        trial.Options.ActivationScheme,
        trial.Options.WeightCalibrator.Name,
        trial.Options.WeightGranularity,
        trial.Options.OwnCalibrators.OrderBy(own => own.Key, StringComparer.Ordinal).ToDictionary(own => own.Key, own => own.Value.Name),
        trial.Score.Score,
        trial.Score.Top1,
        trial.Score.Agreement,
        trial.Score.SignalToNoise,
        trial.Score.Cosine,
        trial.SameAs,
        isBest);

    private static ReportLayer[] LayersOf(IReadOnlyList<LayerNoise> layers)
    {
        double total = layers.Sum(layer => Noise(layer) ?? 0);
        return [.. layers.Select(layer => new ReportLayer(
            layer.Node, layer.Operator, layer.SignalToNoise, layer.OwnSignalToNoise, Noise(layer) is { } noise ? total == 0 ? 0 : noise / total : null))];

        static double? Noise(LayerNoise layer) => layer.OwnSignalToNoise is { } ratio ? Math.Pow(10, -ratio / 10) : null;
    }

    private static ReportTensor[] TensorsOf(PtqResult quantized, PtqOptions options, ModelCalibration calibration, SearchResult? search)
    {
        ICalibrator[] calibrators = search is null
            ? UsualCalibrators
            : [.. search.Trials.Select(trial => trial.Options.ActivationCalibrator).DistinctBy(calibrator => calibrator.Name)];
        return
        [
            .. quantized.Activations.Where(each => calibration.Activations.ContainsKey(each.Key)).Select(each =>
            {
                TensorStatistics seen = calibration.Activations[each.Key];
                ReportRange[] others = [.. calibrators
                    .Where(calibrator => calibrator.Name != each.Value.Calibrator)
                    .Select(calibrator => (calibrator.Name, calibrator.Calibrate(seen, options.ActivationFormat, QuantizationScheme.Affine).Range))
                    .Select(other => new ReportRange(other.Name, other.Range.Min, other.Range.Max))];
                CalibrationResult chosen = each.Value;
                return new ReportTensor(
                    each.Key, chosen.Calibrator, chosen.Range.Min, chosen.Range.Max, chosen.ClippedShare, chosen.Note, seen.Count, seen.ZeroCount, seen.Min, seen.Max, TensorHistogram.Of(seen), others);
            }),
        ];
    }

    private static Dictionary<string, string> SettingsOf(PtqOptions options)
    {
        Dictionary<string, string> settings = new()
        {
            ["Activation calibrator"] = options.ActivationCalibrator.Name,
            ["Activation scheme"] = options.ActivationScheme.ToString(),
            ["Activation codes"] = options.ActivationFormat.ToString(),
            ["Weight calibrator"] = options.WeightCalibrator.Name,
            ["Weight granularity"] = options.WeightGranularity.ToString(),
            ["Weight codes"] = options.WeightFormat.ToString(),
        };
        foreach ((string name, ICalibrator calibrator) in options.OwnCalibrators.OrderBy(own => own.Key, StringComparer.Ordinal))
        {
            settings[$"Calibrator of {name}"] = calibrator.Name;
        }

        return settings;
    }

    private static Dictionary<string, string> Versions() => new()
    {
        ["Quantization"] = typeof(PostTrainingQuantizer).Assembly.GetName().Version!.ToString(3),
        ["ONNX Runtime"] = OrtEnv.Instance().GetVersionString(),
        [".NET"] = Environment.Version.ToString(),
        ["System"] = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}",
        ["Processors"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
    };
}
