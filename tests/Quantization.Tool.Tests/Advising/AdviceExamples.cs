using Quantization.Onnx;

namespace Quantization.Tool.Tests.Advising;

/// <summary>Advice of every code, made as the libraries make it.</summary>
internal static class AdviceExamples
{
    private static readonly ClassCounts Counts = new(400, 10, 3, 390, 400, 10, 7, 0.1);

    private static readonly Dictionary<string, string> Stayed = Enumerable.Range(0, 9)
        .ToDictionary(i => $"node{i}", i => $"reason {i % 5}");

    private static readonly AutoRow Row = new(QuantizationWay.StaticInt8, 0.92, 0.005, 0.4, 26),
        BestRow = new(QuantizationWay.Half, 0.925, 0, 0.6, 50);

    private static readonly AutoAdvice Measured = new(
        new AutoBudget { MaxLoss = 0.002, MaxLatencyRatio = 0.3, MaxBytes = 20 }, ModelMetric.Top1, 100);

    /// <summary>Why an automatic choice picked a model or not, which is told without anything to do about it.</summary>
    public static IReadOnlyList<Advice> AutoReasons { get; } =
    [
        .. Enum.GetValues<AutoVerdict>()
            .Except([AutoVerdict.Failed, AutoVerdict.NothingToQuantize]).Select(verdict => Measured.Explain(verdict, Row, BestRow)),
        new AutoAdvice(new AutoBudget(), ModelMetric.SignalToNoise, 100)
            .Explain(AutoVerdict.LosesMore, Row with { Loss = double.NaN }, BestRow with { Loss = double.NaN }),
        new AutoAdvice(new AutoBudget(), ModelMetric.Perplexity, 100).Explain(AutoVerdict.Slower, Row, BestRow),
        AutoAdvice.Failed(QuantizationWay.DynamicInt8, "the model is damaged."),
        AutoAdvice.Nothing(QuantizationWay.WeightsInt4),
    ];

    /// <summary>All of them; several of codes whose words differ.</summary>
    public static IReadOnlyList<Advice> All { get; } =
    [
        CalibrationAdvice.NothingToQuantize(Stayed),
        CalibrationAdvice.NothingToQuantize(new Dictionary<string, string>()),
        CalibrationAdvice.NothingToQuantize(Stayed, HalfFormat.Float16),
        CalibrationAdvice.NothingToQuantize(new Dictionary<string, string>(), HalfFormat.Float16),
        CalibrationAdvice.NothingToQuantize(new Dictionary<string, string>(), HalfFormat.BFloat16),
        CalibrationAdvice.DeadActivations(["r"], ["c-node"]),
        CalibrationAdvice.DeadActivations(["a", "b", "c", "d", "e", "f"], ["c1", "c2"]),
        CalibrationAdvice.NonFiniteActivation("bad.npy", "z", "model.onnx", float.NaN, 1),
        CalibrationAdvice.Lacks("model.onnx", "z"),
        SpeedAdvice.ProductsSaturate(7),
        .. SpeedAdvice.OfGraph(Result(TargetRuntime.TensorRT), new HashSet<string>()),
        .. SpeedAdvice.OfGraph(Result(conversions: 1), new HashSet<string>()),
        .. SpeedAdvice.OfGraph(Result(), new HashSet<string>()),
        Slower(TargetRuntime.Qnn, 5, 1, hasExactProducts: true),
        Slower(TargetRuntime.OnnxRuntimeCpu, 5, 1, hasExactProducts: false),
        Slower(TargetRuntime.OnnxRuntimeCpu, 5, 1, hasExactProducts: true),
        Slower(TargetRuntime.OnnxRuntimeCpu, 0.5, 0, hasExactProducts: true),
        Slower(TargetRuntime.OnnxRuntimeCpu, 5, 0, hasExactProducts: true),
        HalfAdvice.GainsSizeOnly(HalfFormat.Float16),
        HalfAdvice.GainsSizeOnly(HalfFormat.BFloat16),
        HalfAdvice.WithoutSamples(),
        HalfAdvice.Larger(HalfFormat.Float16, 101, 100),
        HalfAdvice.Slower(new LatencyComparison(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2), 9), HalfFormat.BFloat16),
        TrialsAdvice.Slower(Score(2, 10), Score(1, 20)),
        TrialsAdvice.Larger(Score(2, 10), Score(1, 20)),
        TrialsAdvice.UncountedLabels("labels.csv, line 3: a.npy", "y", "[2, 3]", 1, 4),
        TrialsAdvice.UncountedLabels("a.npy", null, null, null, 4),
        TrialsAdvice.ReachFloat(3, 24, "top-1 accuracy", isRefined: true, isImproved: false),
        TrialsAdvice.NoneReachesFloat(24, "top-1 accuracy", isRefined: false, isImproved: true),
        TrialsAdvice.Indistinguishable(24, 37, 410, isRefined: true, isImproved: false),
        TrialsAdvice.NoClassRows("agreement"),
        Reached(PartialTarget.MaxLoss(0.005), isMet: true, maxFloatLayers: 9, trialLimit: null),
        Reached(PartialTarget.Reach(30), isMet: true, maxFloatLayers: 9, trialLimit: 12),
        Reached(PartialTarget.Reach(double.MaxValue), isMet: false, maxFloatLayers: 9, trialLimit: null),
        Reached(PartialTarget.MaxLoss(0.1), isMet: false, maxFloatLayers: 2, trialLimit: null),
        Reached(PartialTarget.MaxLatencyRatio(1.5), isMet: true, maxFloatLayers: 2, trialLimit: 12),
        TargetAdvice.LossOfInfinite("SQNR of the outputs"),
        ModelAdvice.UnknownFloatNode("model.onnx", "fc7", nameof(PtqOptions)),
        ModelAdvice.UnknownFullPrecisionNode("model.onnx", "fc7"),
        ModelAdvice.UnknownWeightsNode("model.onnx", "pool"),
        ModelAdvice.NonFiniteWeights("model.onnx", "weight", "w", "'y-node' (Gemm)"),
        ModelAdvice.BiasTooLarge("model.onnx", "b", "'y-node' (Gemm)", 1e38f, "z"),
        ModelAdvice.ProbeCrashed("model.onnx", 134),
        ModelAdvice.ProbeTimedOut("model.onnx", TimeSpan.FromSeconds(120)),
        ImageAdvice.FolderOfImages("images"),
        ImageAdvice.SizeOpen("model.onnx", "x", "[?, 3, ?, 20]", "height"),
        ImageAdvice.SizeMissing(),
        ImageAdvice.NumbersForGrey(isMean: true, 3),
        ImageAdvice.NumbersForGrey(isMean: false, 3),
        ImageAdvice.TooLong("a.png", 1, 100_000),
        OutcomeAdvice.Accuracy(400, 0.925, 0.92, 0.98, isNegligible: false),
        OutcomeAdvice.Noise(double.PositiveInfinity, 1),
        OutcomeAdvice.Noise(12, null),
        OutcomeAdvice.Accuracy(400, 0.925, 0.925, null, isNegligible: true, HalfFormat.Float16),
        OutcomeAdvice.Noise(60, 1, 20, HalfFormat.BFloat16),
        DataAdvice.NearChance(Counts, 0.1, "arrays, taken as they are"),
        DataAdvice.LowAccuracy(Counts, 0.35, null),
        DataAdvice.OneLabel(Counts, null),
        DataAdvice.OneAnswer(Counts, "arrays, taken as they are"),
        DataAdvice.SameSamples(40),
        DataAdvice.CheckData(hasLabels: true),
        DataAdvice.CheckData(hasLabels: false),
        DataAdvice.MoreSamples(30, 400, hasLabels: true),
        SpeedAdvice.Busy(
            new LatencyComparison(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2), 9) { Spread = 0.4, OtherLoad = 0.9 }),
        SpeedAdvice.Busy(new LatencyComparison(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2), 9) { Spread = 0.4 }),
        TargetAdvice.BeyondFloat(ModelMetric.Top1, 92, 0.944),
        TargetAdvice.BeyondFloat(ModelMetric.Top1, 0.99, 0.944),
        TargetAdvice.FinerThanSamples(0.005, 113),
        NextAdvice.Partial(),
        OutcomeAdvice.NothingMeasured(),
        OutcomeAdvice.Cost(0.38, 1.2),
        OutcomeAdvice.Cost(0.38, null),
        OutcomeAdvice.Kept(24, "MSE, affine", "top-1 accuracy", MetricUnit.Share, 0.92, "Max, affine", 0.91, 0.01),
        OutcomeAdvice.WorstLayer("conv1", "Conv", 0.4, 21),
        OutcomeAdvice.FloatNodes(2),
        OutcomeAdvice.FloatNodes(1, HalfFormat.Float16),
        OutcomeAdvice.FewSamples(5),
        OutcomeAdvice.Partial(21, "SQNR of the outputs", MetricUnit.Decibels, 20, 31, 2, 1, 2, 0.9),
        OutcomeAdvice.Partial(21, "top-1 accuracy", MetricUnit.Share, 0.9, 0.9, 0, 0, 2, 1),
        OutcomeAdvice.MostSensitive("conv1", "Conv", isFloat: false, ["weights by MSE"]),
        NextAdvice.Nothing(),
        NextAdvice.CompareLayers(),
        NextAdvice.CompareModels(),
        NextAdvice.LeaveInFloat("conv1"),
        NextAdvice.ManyLayers(hasFewBits: true, isPerTensor: true),
        NextAdvice.ManyLayers(hasFewBits: false, isPerTensor: false),
        NextAdvice.MissedTarget(hasFewBits: true, isPerTensor: true),
        NextAdvice.SmallerLoss(3, "top-1 accuracy", MetricUnit.Share, 0.92),
        Measured.Picked(Row),
        new AutoAdvice(new AutoBudget(), null, 100).Picked(Row),
        Measured.NonePicked(Row, AutoVerdict.LosesTooMuch),
        new AutoAdvice(new AutoBudget(), null, 100).NonePicked(BestRow, AutoVerdict.NotFaster),
        new AutoAdvice(new AutoBudget(), ModelMetric.Top1, 100).NonePicked(null, default),
        .. AutoReasons,
    ];

    private static PtqResult Result(TargetRuntime runtime = TargetRuntime.OnnxRuntimeCpu, int conversions = 0) => new()
    {
        OutputPath = "model.int8.onnx",
        ModelBytes = 100,
        OutputBytes = 101,
        QuantizedNodes = ["conv1"],
        FloatNodes = Stayed,
        Int8Operators = new Dictionary<string, int>(),
        ConversionReasons = [.. Enumerable.Repeat("codes to floats before 'softmax'", conversions)],
        ConversionKinds = new Dictionary<string, int>(),
        Activations = new Dictionary<string, CalibrationResult>(),
        Calibration = null!,
        Plan = new QuantizationPlan("static-int8", "onnxruntime-cpu", [], []),
        Runtime = runtime,
        Warnings = [],
    };

    private static Advice Slower(TargetRuntime runtime, double before, int conversions, bool hasExactProducts) => SpeedAdvice.OfLatency(
        new LatencyComparison(TimeSpan.FromMilliseconds(before), TimeSpan.FromMilliseconds(2 * before), 9),
        Result(runtime, conversions),
        hasExactProducts)!;

    private static ModelScore Score(double milliseconds, long bytes) => new(
        $"model{bytes}.onnx", bytes, new ModelFigures(null, null, null, null, null), [], [], TimeSpan.FromMilliseconds(milliseconds), 9);

    private static Advice Reached(PartialTarget target, bool isMet, int maxFloatLayers, int? trialLimit)
    {
        TrialScore score = new(new MetricFigure(ModelMetric.Top1, 0.92, 400), new ModelFigures(null, null, null, null, null));
        PartialPoint written = new(["conv1", "conv2"], new PtqOptions(), score, 0.875, 100)
        {
            Plan = new QuantizationPlan("static-int8", "onnxruntime-cpu", [], []),
            WeightOnlyLayers = ["conv3"],
            FloatActivations = ["a", "b"],
            LatencyRatio = 1.25
        };
        return TargetAdvice.Reached(target, isMet, ModelMetric.Top1, 0.925, written, 400, 9, maxFloatLayers, trialLimit);
    }
}
