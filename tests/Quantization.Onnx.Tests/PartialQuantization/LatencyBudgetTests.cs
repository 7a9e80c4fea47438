namespace Quantization.Onnx.Tests.PartialQuantization;

/// <summary>How a latency is spent, with latencies that the tests make up: a network of seven layers of which three are bad.</summary>
public sealed class LatencyBudgetTests : IDisposable
{
    private static readonly double[] Factors = [8, 16, 32, 4, 2, 64, 1];

    private static readonly PartialOptions Options = new()
    {
        Target = PartialTarget.MaxLatencyRatio(1.5),
        Baseline = new PtqOptions { WeightGranularity = GranularityKind.PerTensor },
        Metric = ModelMetric.SignalToNoise,
        Steps = [],
    };

    private readonly TemporaryFolder _folder = new();
    private readonly TrialScorer _scorer;
    private readonly TrialStore _store = TrialStore.Open(null);
    private readonly PartialRun _run;
    private readonly string[] _layers = UnevenNetwork.Layers(Factors.Length);
    private readonly List<(string[] Float, double Ratio)> _measured = [];

    public LatencyBudgetTests()
    {
        string path = UnevenNetwork.Build(3, Factors).Save(_folder.PathTo("model.onnx"));
        SampleList scoring = new([.. RandomTensors.Samples(96, UnevenNetwork.Width).Skip(64)]);
        FloatModel model = StaticInt8Recipe.Load(path, null, TargetRuntime.OnnxRuntimeCpu);
        TrialModels models = new(model, ModelCalibrator.Calibrate(path, RandomTensors.Samples(64, UnevenNetwork.Width)));
        _scorer = TrialScorer.Create(model, scoring, ModelMetric.SignalToNoise, 1, Options.Baseline, CancellationToken.None);
        TrialRunner runner = new(models, _scorer, _store, 2);
        _run = new PartialRun(models.Plan(Options.Baseline), runner, runner, Options, new StageReporter(_ => { }), CancellationToken.None);
        _run.Ranking = [.. _layers.OrderBy(layer => ScoreOf(_layers.Except([layer]))).Select(layer => new RankedLayer(layer, 0))];
    }

    public void Dispose()
    {
        _store.Dispose();
        _scorer.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Sets_that_are_too_slow_are_left_and_the_bound_itself_is_kept()
    {
        // A quarter more for each layer in float: two of them reach the bound exactly, three are beyond.
        LayerSet found = Spend(inFloat => 1 + 0.25 * inFloat.Length, 1.5, out LatencyBudget budget);

        found.Float.Should().HaveCount(2);
        budget.RatioOf(found).Should().Be(1.5);
        ScoreOf(found.Float).Should().BeGreaterThan(ScoreOf([]));
        _measured.Should().Contain(
            each => each.Ratio > 1.5 && ScoreOf(each.Float) > ScoreOf(found.Float),
            "a better set was measured and found too slow");
    }

    [Fact]
    public void A_layer_that_is_too_slow_in_float_is_left_and_others_are_not()
    {
        string slow = _run.Ranking[0].Node;

        LayerSet found = Spend(inFloat => inFloat.Contains(slow) ? 3 : 1, 1.5, out LatencyBudget budget);

        budget.RatioOf(found).Should().Be(1);
        found.Float.Should().NotContain(slow).And.HaveCountGreaterThan(1);
        _measured.Where(each => each.Float.Contains(slow)).Should().ContainSingle("what was too slow once is not measured again");
        ScoreOf(found.Float).Should().Be(_measured.Where(each => each.Ratio <= 1.5).Max(each => ScoreOf(each.Float)));
    }

    [Fact]
    public void A_budget_for_nothing_leaves_every_layer_on_integers()
    {
        LayerSet found = Spend(inFloat => inFloat.Length == 0 ? 1 : 1.01, 1, out LatencyBudget budget);

        found.Should().Be(LayerSet.Empty);
        budget.RatioOf(found).Should().Be(1);
        _measured.Should().HaveCountGreaterThan(1);
    }

    private LayerSet Spend(Func<string[], double> ratioOf, double largestRatio, out LatencyBudget budget)
    {
        TrialLimit limit = new(1000, () => _run.Tried);
        budget = new LatencyBudget(_run, limit, plan => Measure([.. plan.ExcludedNodes], ratioOf), largestRatio);
        return budget.Spend(LayerSet.Empty);
    }

    private double Measure(string[] inFloat, Func<string[], double> ratioOf)
    {
        _measured.Add((inFloat, ratioOf(inFloat)));
        return _measured[^1].Ratio;
    }

    private double ScoreOf(IEnumerable<string> inFloat) =>
        _run.Score(inFloat.Aggregate(LayerSet.Empty, (set, layer) => set.WithFloat(layer)))[0].Score;
}
