using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Gathers the facts of a report.</summary>
internal static class ReportBuilder
{
    /// <summary>The recipe of models whose ranges come from samples; partial quantization makes such models.</summary>
    private const string StaticInt8 = "static-int8";

    /// <summary>What to compare the chosen range of an activation with, where no search names calibrators.</summary>
    private static readonly ICalibrator[] UsualCalibrators =
        [new MaxCalibrator(), new PercentileCalibrator(), new EntropyCalibrator(), new MseCalibrator()];

    public static QuantizationReport Build(
        string modelPath, PtqResult quantized, PtqOptions options, ModelCalibration calibration, EvaluationResult? evaluation,
        IReadOnlyList<LayerNoise> layers, ReportContext context) =>
        Advise(
            Gather(
                modelPath, quantized, options, calibration, null, evaluation, UsualCalibrators, context) with { Layers = LayersOf(layers) },
            options,
            quantized.Half);

    public static QuantizationReport Build(
        string modelPath, PtqResult quantized, DataFreeOptions options, EvaluationResult? evaluation, IReadOnlyList<LayerNoise> layers,
        ReportContext context)
    {
        PtqOptions weights = options.ToPtqOptions();
        return Advise(Gather(modelPath, quantized, weights, quantized.Calibration, null, evaluation, [], context) with
        {
            Layers = LayersOf(layers),
            Settings = SettingsOf(weights).Where(setting => !setting.Key.StartsWith("Activation", StringComparison.Ordinal))
                .Prepend(new("Recipe", quantized.Plan.Recipe)).ToDictionary(),
        }, weights);
    }

    public static QuantizationReport Build(
        string modelPath, SearchResult search, EvaluationResult? evaluation, IReadOnlyList<LayerNoise> layers, ReportContext context)
    {
        ICalibrator[] calibrators =
            [.. search.Trials.Select(trial => trial.Options.ActivationCalibrator).DistinctBy(calibrator => calibrator.Name)];
        return Advise(Gather(
            modelPath, search.Model, search.Best.Options, search.Calibration, RankedModels.Of(search), evaluation, calibrators,
            context) with
        {
            Baseline = ModelOf(search.Baseline.Name, search.Baseline.Score, null, null, null),
            Trials = [.. search.Trials.Select(trial => TrialOf(trial, trial == search.Best))],
            Layers = LayersOf(layers),
        }, search.Best.Options);
    }

    public static QuantizationReport Build(
        string modelPath, PartialResult partial, PartialOptions options, EvaluationResult? evaluation, ReportContext context)
    {
        ModelScore? allInt8 = evaluation?.Candidates.ElementAtOrDefault(1);
        return Advise(Gather(
            modelPath, partial.Model, partial.Written.Options, partial.Calibration, RankedModels.Of(partial), evaluation, UsualCalibrators,
            context) with
        {
            Baseline = ModelOf(
                "all layers in int8",
                partial.Quantized.Score,
                allInt8,
                allInt8?.FileSize ?? partial.Quantized.ModelBytes,
                allInt8?.MedianLatency),
            Partial = PartialFacts.Gather(partial, options),
        }, partial.Written.Options);
    }

    private static QuantizationReport Advise(QuantizationReport report, PtqOptions options, HalfFormat? half = null) =>
        ReportAdvice.Complete(report, options, half);

    private static QuantizationReport Gather(
        string modelPath,
        PtqResult quantized,
        PtqOptions options,
        ModelCalibration calibration,
        RankedModels? ranked,
        EvaluationResult? evaluation,
        IReadOnlyList<ICalibrator> calibrators,
        ReportContext context)
    {
        if (evaluation is not null)
        {
            quantized = quantized.WithLatency(evaluation.LatencyOf(evaluation.Candidates[0]));
        }

        return new QuantizationReport
        {
            Model = Path.GetFileName(modelPath),
            ModelSha256 = calibration.ModelSha256,
            Created = DateTimeOffset.UtcNow,
            Data = DescribeData(calibration, ranked, evaluation, context),
            Metric = ranked?.Metric.Name,
            Unit = ranked?.Metric.Unit ?? MetricUnit.None,
            LargerIsBetter = ranked?.Metric.LargerIsBetter ?? true,
            Reason = ranked?.Reason,
            Float = ModelOf(
                "float model", ranked?.Float, evaluation?.Reference, quantized.ModelBytes, quantized.Latency?.Float, isFloat: true),
            Quantized = ModelOf(
                NameOf(quantized), ranked?.Kept, evaluation?.Candidates[0], quantized.OutputBytes, quantized.Latency?.Quantized),
            Baseline = null,
            Trials = [],
            Partial = null,
            Layers = [],
            Tensors = TensorsOf(quantized, options, calibration, calibrators),
            RoundedLayers = quantized.RoundedLayers,
            Refinement = quantized.Refinement,
            IsStaticInt8 = quantized.Plan.Recipe == StaticInt8 && (quantized.Plan.Nodes.Length > 0 || quantized.Plan.Bodies.IsEmpty),
            QuantizedNodes = quantized.QuantizedNodes,
            FloatNodes = quantized.FloatNodes,
            FloatPatterns = quantized.FloatPatterns,
            Int8Operators = quantized.Int8Operators,
            Conversions = quantized.Conversions,
            ConversionReasons = quantized.ConversionReasons,
            Warnings = [.. quantized.Warnings, .. evaluation?.UncountedLabels is { } uncounted ? (Advice[])[uncounted] : []],
            Settings = quantized.Half is { } half ? SettingsOf(quantized.Plan, half) : SettingsOf(options),
            Versions = Versions(),
            Advice = [],
        };
    }

    private static ReportData DescribeData(
        ModelCalibration calibration, RankedModels? ranked, EvaluationResult? evaluation, ReportContext context)
    {
        ModelFigures? figures = ranked?.Float.Figures ?? evaluation?.Reference.Figures;
        int scoring = ranked?.ScoringSamples ?? evaluation?.Samples ?? 0;
        SampleSets sets = ranked is null ? context.Samples : ranked.CalibratedScoringSamples > 0 ? SampleSets.Shared : SampleSets.Apart;
        string split = (calibration.SampleCount, scoring, sets) switch
        {
            _ when ranked is { CalibratedScoringSamples: > 0 } =>
                "Models were compared on samples that were not used to calibrate. The best plan was then refined on all samples, "
                    + $"including {Figure.Count(ranked.CalibratedScoringSamples)} scoring samples, so its figures on other "
                    + "samples may be a little worse.",
            _ when ranked is not null =>
                "Samples that chose ranges were not used to choose between models; the split is the same each time.",
            (0, 0, _) => "No sample was run.",
            (_, 0, _) => "Nothing was measured.",
            (_, _, SampleSets.Shared) =>
                "The samples used to quantize were also used to measure, so figures on others may be a little worse.",
            (0, _, _) => "No samples were used to quantize.",
            (_, _, SampleSets.Apart) => "No sample was used both to quantize and to measure.",
            _ => "It is not known whether samples were used both to quantize and to measure.",
        };
        return new ReportData(calibration.SampleCount, scoring, figures?.Top1?.Samples ?? 0, split)
        {
            Sets = sets,
            Preprocessing = context.Preprocessing,
            Classes = evaluation?.Classes,
            Padding = calibration.Padding is not { } padding ? null : new ReportPadding(
                padding.Mask,
                padding.MaskedPositions,
                padding.Positions,
                padding.Axes.ToDictionary(each => each.Key, each => each.Value.ToString()),
                padding.Undecided),
        };
    }

    private static ReportModel ModelOf(
        string name, TrialScore? score, ModelScore? measured, long? bytes, TimeSpan? latency, bool isFloat = false)
    {
        ModelFigures? figures = score?.Figures ?? measured?.Figures;
        ModelFigures? beside = isFloat ? null : figures; // the float model is what these compare with
        bool isEmbedding = measured?.Metrics.Any(figure => figure.Metric.Embeddings is not null) == true
            || score?.Ranked.Metric.Embeddings is not null;
        return new ReportModel(
            name,
            score?.Score,
            figures?.Top1?.Value,
            isEmbedding ? null : beside?.Agreement?.Value, // the largest component of an embedding tells nothing
            beside?.SignalToNoise?.Value,
            beside?.Cosine?.Value,
            beside?.KullbackLeibler?.Value,
            bytes,
            latency?.TotalMilliseconds)
        {
            Perplexity = figures?.Perplexity?.Value,
            Figures = [.. measured?.Metrics.Select(figure => new ReportFigure(figure.Metric.Name, figure.Value, figure.Unit)) ?? []],
        };
    }

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
        trial.Score.KullbackLeibler,
        trial.SameAs,
        isBest);

    private static ReportLayer[] LayersOf(IReadOnlyList<LayerNoise> layers)
    {
        double total = layers.Sum(layer => Noise(layer) ?? 0);
        return [.. layers.Select(layer => new ReportLayer(
            layer.Node,
            layer.Operator,
            layer.SignalToNoise,
            layer.OwnSignalToNoise,
            Noise(layer) is { } noise ? total == 0 ? 0 : noise / total : null))
        ];

        static double? Noise(LayerNoise layer) => layer.OwnSignalToNoise is { } ratio ? Math.Pow(10, -ratio / 10) : null;
    }

    private static ReportTensor[] TensorsOf(
        PtqResult quantized, PtqOptions options, ModelCalibration calibration, IReadOnlyList<ICalibrator> calibrators) =>
    [
        .. quantized.Activations.Where(each => calibration.Activations.ContainsKey(each.Key)).Select(each =>
        {
            TensorStatistics seen = calibration.Activations[each.Key];
            ReportRange[] others = [.. calibrators
                .Where(calibrator => calibrator.Name != each.Value.Calibrator)
                .Select(
                    calibrator => (calibrator.Name, calibrator.Calibrate(seen, options.ActivationFormat, QuantizationScheme.Affine).Range))
                .Select(other => new ReportRange(other.Name, other.Range.Min, other.Range.Max))];
            CalibrationResult chosen = each.Value;
            return new ReportTensor(
                each.Key, chosen.Calibrator, chosen.Range.Min, chosen.Range.Max, chosen.ClippedShare, chosen.Note, seen.Count,
                seen.ZeroCount, seen.Min, seen.Max, TensorHistogram.Of(seen), others);
        }),
    ];

    private static string NameOf(PtqResult quantized) => quantized.Half is { } half ? $"{HalfRange.NameOf(half)} model"
        : quantized.RoundedLayers.CountBy(layer => layer.Bits).OrderByDescending(bits => bits.Value).FirstOrDefault() is { Value: > 0 } most
            ? string.Create(CultureInfo.InvariantCulture, $"{most.Key}-bit model")
        : "int8 model";

    private static Dictionary<string, string> SettingsOf(QuantizationPlan plan, HalfFormat half) => new()
    {
        ["Format"] = HalfRange.NameOf(half),
        ["Arithmetic"] = half == HalfFormat.Float16 ? "16 bits where the range allows" : "32 bits",
        ["Inputs and outputs"] = plan.HasHalfInterface ? "16 bits" : "as they were",
    };

    private static Dictionary<string, string> SettingsOf(PtqOptions options)
    {
        Dictionary<string, string> settings = new()
        {
            ["Runtime"] = Targets.Of(options.Runtime).Name,
            ["Activation calibrator"] = options.ActivationCalibrator.Name,
            ["Activation scheme"] = options.ActivationScheme == QuantizationScheme.Affine ? "affine" : "symmetric",
            ["Activation codes"] = options.ActivationFormat.ToString(),
            ["Weight calibrator"] = options.WeightCalibrator.Name,
            ["Weight granularity"] = WordsOf(options.WeightGranularity),
            // as written, not as narrow as they could be stored
            ["Weight codes"] = new CodeFormat(CodeType.Int8, -options.WeightFormat.MaxCode, options.WeightFormat.MaxCode).ToString(),
        };
        foreach ((string name, ICalibrator calibrator) in options.OwnCalibrators.OrderBy(own => own.Key, StringComparer.Ordinal))
        {
            settings[$"Calibrator of {name}"] = calibrator.Name;
        }

        foreach ((string name, WeightOptions weights) in options.OwnWeights.OrderBy(own => own.Key, StringComparer.Ordinal))
        {
            string? granularity = weights.Granularity is { } kind ? WordsOf(kind) : null;
            settings[$"Weights of {name}"] = string.Join(", ", new[] { granularity, weights.Calibrator?.Name }.OfType<string>());
        }

        return settings;
    }

    private static string WordsOf(GranularityKind granularity) => granularity == GranularityKind.PerChannel ? "per channel" : "per tensor";

    private static Dictionary<string, string> Versions() => new()
    {
        ["Quantization"] = typeof(PostTrainingQuantizer).Assembly.GetName().Version!.ToString(3),
        ["ONNX Runtime"] = OrtEnv.Instance().GetVersionString(),
        [".NET"] = Environment.Version.ToString(),
        ["System"] = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}",
        ["Processors"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
    };
}
