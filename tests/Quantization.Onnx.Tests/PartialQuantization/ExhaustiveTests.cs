namespace Quantization.Onnx.Tests.PartialQuantization;

/// <summary>The loop against a search through every set of layers.</summary>
public sealed class ExhaustiveTests(ITestOutputHelper output) : IDisposable
{
    private static readonly PtqOptions PerTensor = new() { WeightGranularity = GranularityKind.PerTensor, Refine = false };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, new double[] { 30, 1, 1, 60, 1, 1, 1 })]
    [InlineData(2, new double[] { 1, 20, 1, 20, 1, 20, 1 })]
    [InlineData(3, new double[] { 8, 16, 32, 4, 2, 64, 1 })]
    [InlineData(4, new double[] { 1, 1, 100, 1, 1, 1, 1 })]
    [InlineData(5, new double[] { 5, 5, 5, 5, 5, 5, 1 })]
    public void The_set_is_at_most_one_layer_larger_than_the_smallest(int seed, double[] factors)
    {
        string path = UnevenNetwork.Build(seed, factors).Save(_folder.PathTo("model.onnx"));
        SampleList calibration = RandomTensors.Samples(64, UnevenNetwork.Width);
        SampleList scoring = new([.. RandomTensors.Samples(96, UnevenNetwork.Width).Skip(64)]);
        string[] layers = UnevenNetwork.Layers(factors.Length);
        Dictionary<int, double> all = ScoreEverySet(path, calibration, scoring, layers);
        foreach (double target in (double[])[8, 14, 20, 26, 30, 34, 40])
        {
            PartialOptions options =
                new() { Target = PartialTarget.Reach(target), Baseline = PerTensor, Metric = ModelMetric.SignalToNoise, Steps = [] };

            PartialResult result = PartialQuantizer.Run(path, calibration, scoring, _folder.PathTo("partial.onnx"), options);

            int smallest = all.Where(each => each.Value >= target).Min(each => int.PopCount(each.Key));
            output.WriteLine($"{target} dB: {result.Written.FloatLayers.Count} layers, smallest {smallest}, {result.ModelsRun} models");
            result.IsTargetMet.Should().BeTrue();
            result.IsLimitReached.Should().BeFalse("the default limit of trials is enough");
            result.Written.Score.Score.Should().BeGreaterThanOrEqualTo(target);
            result.Written.Score.Score.Should()
                .Be(all[layers.Index().Where(layer => result.Written.FloatLayers.Contains(layer.Item)).Sum(layer => 1 << layer.Index)]);
            result.Written.FloatLayers.Count.Should().BeInRange(smallest, smallest + 1, $"of {target} dB with seed {seed}");
            result.Changes.Should()
                .NotContain(change => !change.IsFloat || change.Without.Score >= target, "no single layer can be quantized again");
        }
    }

    private static Dictionary<int, double> ScoreEverySet(string path, SampleList calibration, SampleList scoring, string[] layers)
    {
        FloatModel model = StaticInt8Recipe.Load(path, null, TargetRuntime.OnnxRuntimeCpu);
        using TrialScorer scorer = TrialScorer.Create(
            model, scoring, ModelMetric.SignalToNoise, 1, new PtqOptions(), CancellationToken.None);
        using TrialStore store = TrialStore.Open(null);
        TrialModels models = new(model, ModelCalibrator.Calibrate(path, calibration));
        TrialRunner runner = new(models, scorer, store, 2);
        QuantizationPlan[] sets =
        [
            .. Enumerable.Range(0, 1 << layers.Length)
                .Select(set => models.Plan(PerTensor with { FloatNodes = layers.Where((_, i) => (set >> i & 1) != 0).ToHashSet() })),
        ];
        return runner.Score(sets, () => { }, CancellationToken.None).Index().ToDictionary(each => each.Index, each => each.Item.Score);
    }
}
