namespace Quantization.Onnx.Tests.PartialQuantization;

/// <summary>Figure, time and size together, on a network of seven layers of which three are bad.</summary>
public sealed class PartialLimitsTests : IDisposable
{
    private static readonly double[] Factors = [8, 16, 32, 4, 2, 64, 1];

    private static readonly SampleList Calibration = RandomTensors.Samples(64, UnevenNetwork.Width);
    private static readonly SampleList Scoring = new([.. RandomTensors.Samples(96, UnevenNetwork.Width).Skip(64)]);

    private static readonly PartialOptions Options = new()
    {
        Target = PartialTarget.Reach(20),
        Baseline =
            new PtqOptions { ActivationCalibrator = new MaxCalibrator(), WeightGranularity = GranularityKind.PerTensor, Refine = false },
        Metric = ModelMetric.SignalToNoise,
        Steps = [],
    };

    private readonly TemporaryFolder _folder = new();
    private readonly TrialStore _store = TrialStore.Open(null);
    private readonly string[] _layers = UnevenNetwork.Layers(Factors.Length);

    public PartialLimitsTests() => UnevenNetwork.Build(3, Factors).Save(Model);

    private string Model => _folder.PathTo("model.onnx");

    private string Output => _folder.PathTo("partial.onnx");

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Limits_that_the_target_keeps_anyway_change_nothing()
    {
        PartialResult free = Run(Options);

        PartialResult limited = Run(
            Options with { Limits = new PartialLimits { MaxBytes = free.Written.ModelBytes, MaxLatencyRatio = 1000 } });

        limited.IsTargetMet.Should().BeTrue();
        limited.Written.FloatLayers.Should().Equal(free.Written.FloatLayers);
        limited.Written.LatencyRatio.Should().BeGreaterThan(0);
        (limited.LimitReason, limited.MissedBudgets.Count).Should().Be((null, 0));
        new FileInfo(Output).Length.Should().BeLessThanOrEqualTo(free.Written.ModelBytes);
    }

    [Fact]
    public void What_cannot_be_met_together_is_named_and_the_nearest_is_written()
    {
        PartialResult result = Run(Options with { Limits = new PartialLimits { MaxBytes = 100 } });

        result.IsTargetMet.Should().BeFalse();
        result.MissedBudgets.Should().Contain(PartialBudget.Size);
        result.LimitReason.Should()
            .StartWith("No model was found that has SQNR of the outputs 20.0 dB, 100 B together. The nearest was written, which misses ");
        new FileInfo(Output).Length.Should().Be(result.Written.ModelBytes);

        // The smallest of all is the one with every layer in int8.
        result.Written.FloatLayers.Should().BeEmpty();
    }

    [Fact]
    public void Among_many_budgets_what_is_said_to_be_met_is_and_what_is_missed_is_so()
    {
        (PartialRun run, TrialScorer scorer) = MakeRun();
        using (scorer)
        {
            // Every layer in float costs another time, the most sensitive the most.
            Dictionary<string, double> times = run.Ranking.Select((layer, i) => (layer.Node, Time: 0.875 - (0.125 * i)))
                .ToDictionary(each => each.Node, each => each.Time);
            double TimeOf(IEnumerable<string> inFloat) => 1 + inFloat.Sum(layer => times[layer]);
            int met = 0;
            foreach (double figure in (double[])[6, 12, 16, 20])
            {
                PartialGoal goal = PartialGoal.Of(PartialTarget.Reach(figure), ModelMetric.SignalToNoise, scorer.FloatScore);
                (double Time, bool IsReached)[] all =
                    [.. Subsets().Select(inFloat => (TimeOf(inFloat), goal.IsMetBy(run.Score(SetOf(inFloat))[0])))];
                foreach (double time in (double[])[1.25, 2.5, 3.5, 4.25])
                {
                    LimitSearch search = new(
                        run, goal, new PartialLimits { MaxLatencyRatio = time }, _layers.ToDictionary(
                            layer => layer, layer => new LayerCost((long)(1000 * times[layer]), 100)), 1000,
                        plan => TimeOf(_layers.Except(plan.Nodes.Select(node => node.Node))), _ => 100);

                    LimitedPoint point = search.Take(Search(run, goal), () => Search(run, goal));

                    bool isPossible = all.Any(each => each.IsReached && each.Time <= time);
                    (point.Missed.Count == 0).Should().Be(isPossible, "figure {0}, time {1}", figure, time);
                    TimeOf(point.Set.Float).Should().Be(point.LatencyRatio);
                    point.Missed.Contains(PartialBudget.Latency).Should().Be(point.LatencyRatio > time);
                    point.Missed.Contains(PartialBudget.Figure).Should().Be(!goal.IsMetBy(run.Score(point.Set)[0]));
                    (search.Explain(point) is null).Should().Be(point.Missed.Count == 0);
                    met += isPossible ? 1 : 0;
                }
            }

            met.Should().BeInRange(3, 15, "some budgets can be met and some cannot");
        }
    }

    [Fact]
    public void A_latency_as_target_keeps_a_size()
    {
        PartialResult free = Run(Options with { Target = PartialTarget.MaxLatencyRatio(1000) });
        long most = free.Quantized.ModelBytes + 100;

        PartialResult small = Run(
            Options with { Target = PartialTarget.MaxLatencyRatio(1000), Limits = new PartialLimits { MaxBytes = most } });

        free.Written.ModelBytes.Should().BeGreaterThan(most);
        small.Written.ModelBytes.Should().BeLessThanOrEqualTo(most);
        small.IsTargetMet.Should().BeTrue();
    }

    private static LayerSet Search(PartialRun run, PartialGoal goal)
    {
        FloatLayers layers = new(run, new TrialLimit(1000, () => run.Tried), goal.IsMetBy);
        LayerSet found = layers.SwitchOff(LayerSet.Empty);
        return goal.IsMetBy(run.Score(found)[0]) ? layers.SwitchOn(found) : found;
    }

    private static LayerSet SetOf(IEnumerable<string> inFloat) => inFloat.Aggregate(LayerSet.Empty, (set, layer) => set.WithFloat(layer));

    private IEnumerable<string[]> Subsets() =>
        Enumerable.Range(0, 1 << _layers.Length).Select(bits => _layers.Where((_, i) => (bits >> i & 1) == 1).ToArray());

    private (PartialRun Run, TrialScorer Scorer) MakeRun()
    {
        FloatModel model = StaticInt8Recipe.Load(Model, null, TargetRuntime.OnnxRuntimeCpu);
        TrialModels models = new(model, ModelCalibrator.Calibrate(Model, Calibration));
        TrialScorer scorer = TrialScorer.Create(model, Scoring, ModelMetric.SignalToNoise, 1, Options.Baseline, CancellationToken.None);
        TrialRunner runner = new(models, scorer, _store, 2);
        PartialRun run = new(models.Plan(Options.Baseline), runner, runner, Options, new StageReporter(_ => { }), CancellationToken.None);
        run.Ranking =
        [
            .. _layers.Select(
                layer => new RankedLayer(layer, Math.Pow(10, -run.Score(SetOf(_layers.Except([layer])))[0].SignalToNoise / 10)))
                .OrderByDescending(layer => layer.Sensitivity),
        ];
        return (run, scorer);
    }

    private PartialResult Run(PartialOptions options) => PartialQuantizer.Run(Model, Calibration, Scoring, Output, options);
}
