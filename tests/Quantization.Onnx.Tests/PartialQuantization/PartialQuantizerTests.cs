using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.PartialQuantization;

/// <summary>What partial quantization promises besides small sets, on a network of seven layers of which three are bad.</summary>
public sealed class PartialQuantizerTests : IDisposable
{
    private static readonly double[] Factors = [8, 16, 32, 4, 2, 64, 1];

    private static readonly SampleList Calibration = RandomTensors.Samples(64, UnevenNetwork.Width);
    private static readonly SampleList Scoring = new([.. RandomTensors.Samples(96, UnevenNetwork.Width).Skip(64)]);

    private static readonly PartialOptions FloatOnly = new()
    {
        Target = PartialTarget.Reach(20),
        Baseline =
            new PtqOptions { ActivationCalibrator = new MaxCalibrator(), WeightGranularity = GranularityKind.PerTensor, Refine = false },
        Metric = ModelMetric.SignalToNoise,
        Steps = [],
    };

    private readonly TemporaryFolder _folder = new();

    public PartialQuantizerTests() => UnevenNetwork.Build(3, Factors).Save(Model);

    private string Model => _folder.PathTo("model.onnx");

    private string Output => _folder.PathTo("partial.onnx");

    private string Trials => _folder.PathTo("trials.qtri");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_target_that_holds_already_leaves_no_layer_in_float()
    {
        PartialResult result = Run(FloatOnly with { Target = PartialTarget.Reach(1) });

        result.IsTargetMet.Should().BeTrue();
        result.Changes.Should().BeEmpty();
        result.Written.FloatLayers.Should().BeEmpty();
        result.Written.Int8Share.Should().Be(1);
        result.Written.Score.Should().Be(result.Quantized.Score);
    }

    [Fact]
    public void Exactly_the_wanted_nodes_run_in_float()
    {
        PartialResult result = Run(FloatOnly);

        ModelProto optimized = OptimizedGraph.Of(
            Output, ModelFile.Load(Output).Model, Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED, null);
        result.Written.FloatLayers.Should().NotBeEmpty().And.HaveCountLessThan(Factors.Length);
        optimized.Graph.Node.Where(node => node.OpType is "Gemm" or "FusedGemm" or "MatMul")
            .Select(node => node.Name.Replace("fused ", "")).Should().Equal(result.Written.FloatLayers);
        result.Model.Int8Nodes.Should().Be(Factors.Length - result.Written.FloatLayers.Count);
        result.Model.FloatNodes.Keys.Should().BeEquivalentTo(result.Written.FloatLayers);
    }

    [Fact]
    public void Every_point_of_the_curve_can_be_written_and_none_beats_another()
    {
        PartialResult result = Run(FloatOnly);

        result.Curve.Select(point => point.Int8Share).Should().BeInDescendingOrder().And.OnlyHaveUniqueItems();
        result.Curve.Select(point => point.Score.Score).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        result.Curve[^1].Should().Match<PartialPoint>(
            point => point.Int8Share == 0 && point.FloatLayers.Count == Factors.Length && point.Score == result.FloatScore);
        foreach (PartialPoint point in result.Curve)
        {
            string path = _folder.PathTo("point.onnx");
            PtqResult written = PostTrainingQuantizer.Quantize(Model, point.Plan, path);
            written.FloatNodes.Keys.Should().BeEquivalentTo(point.FloatLayers);
            point.Int8Share.Should()
                .BeApproximately(1 - point.FloatLayers.Count / (double)Factors.Length, 1e-12, "all layers multiply alike");
            if (point.FloatLayers.Count < Factors.Length)
            {
                point.ModelBytes.Should().Be(written.OutputBytes);
                ModelEvaluator.Evaluate(Model, [path], Scoring).Candidates[0].SignalToNoise
                    .Should().BeApproximately(point.Score.Score, 1e-9);
            }
        }
    }

    [Fact]
    public void Reasons_are_what_models_without_the_change_score()
    {
        PartialResult result = Run(FloatOnly);

        foreach (LayerChange change in result.Changes)
        {
            string path = _folder.PathTo("without.onnx");
            PtqOptions without =
                result.Written.Options with { FloatNodes = result.Written.FloatLayers.Where(layer => layer != change.Node).ToHashSet() };
            PostTrainingQuantizer.Quantize(Model, result.Calibration, path, without);
            change.Without.SignalToNoise.Should().BeApproximately(
                ModelEvaluator.Evaluate(Model, [path], Scoring).Candidates[0].SignalToNoise!.Value, 1e-9);
            change.Reason.Should().StartWith("Without this, SQNR of the outputs would be ");
            change.Cost.Should().Be(new LayerCost(UnevenNetwork.Width * UnevenNetwork.Width, UnevenNetwork.Width * UnevenNetwork.Width));
        }
    }

    [Fact]
    public void Steps_come_before_float()
    {
        PtqOptions fiveBits = FloatOnly.Baseline with { WeightFormat = CodeFormat.Signed(5) };
        double perChannel = Run(FloatOnly with
        {
            Baseline = fiveBits with { WeightGranularity = GranularityKind.PerChannel },
            Target = PartialTarget.Reach(0)
        }).Quantized.Score.Score;
        PartialOptions options = FloatOnly with { Baseline = fiveBits, Target = PartialTarget.Reach(perChannel - 1) };

        PartialResult floatOnly = Run(options);
        PartialResult result = Run(options with { Steps = [LayerStep.PerChannelWeights] });

        floatOnly.Written.FloatLayers.Should().NotBeEmpty();
        result.IsTargetMet.Should().BeTrue();
        result.Changes.Should().NotBeEmpty().And.OnlyContain(
            change => !change.IsFloat && change.Steps.Single() == LayerStep.PerChannelWeights && change.Without.Score < perChannel - 1);
        result.Written.Int8Share.Should().Be(1);
        result.Written.Options.OwnWeights.Keys.Should().BeEquivalentTo(result.Changes.Select(change => change.Node));
        result.Model.Int8Nodes.Should().Be(Factors.Length);
    }

    [Fact]
    public void A_target_that_the_float_model_misses_is_refused_and_nothing_is_written()
    {
        ModelMetric error = ModelMetric.Create("error", outputs => 1 + outputs.Average(sample => Distance(sample)), largerIsBetter: false);

        ArgumentException exception =
            FluentActions.Invoking(() => Run(FloatOnly with { Target = PartialTarget.Reach(0.5), Metric = error })).Should()
                .Throw<ArgumentException>().Which;

        exception.Message.Should().StartWith(
            "The target 0.5 cannot be met, because the float model itself has error 1, and quantization does not make it better.");
        Advice.Of(exception)!.Code.Should().Be(AdviceCode.TargetBeyondFloat);
        File.Exists(Output).Should().BeFalse();

        static double Distance(SampleOutputs sample) =>
            sample.GetValues("h7").ToArray().Zip(sample.GetReference("h7").ToArray(), (a, b) => Math.Abs((double)a - b)).Average();
    }

    [Fact]
    public void No_more_layers_are_left_in_float_than_are_allowed()
    {
        PartialResult result = Run(FloatOnly with { Target = PartialTarget.Reach(60), MaxFloatLayers = 2 });

        result.IsTargetMet.Should().BeFalse();
        result.Reason.Message.Should().StartWith("The target of a figure of 60 was not met with at most 2 layers in float.");
        result.Written.FloatLayers.Should().HaveCount(2);
        result.Written.Score.Score.Should().BeGreaterThan(result.Quantized.Score.Score);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(30)]
    public void A_limit_of_trials_is_kept_and_said_and_the_target_is_met_all_the_same(int most)
    {
        PartialOptions options = FloatOnly with { Target = PartialTarget.Reach(26) };
        PartialResult whole = Run(options);

        PartialResult result = Run(options with { MaxTrials = most });

        const int Besides = 1 + 7 + (2 * 2 + 1) + 7 + 3; // all int8, the ranking, along the ranking, the reasons, the curve
        (whole.IsLimitReached, result.IsLimitReached).Should().Be((false, true));
        result.IsTargetMet.Should().BeTrue();
        result.Written.Score.Score.Should().BeGreaterThanOrEqualTo(26);
        result.ModelsRun.Should().BeLessThan(whole.ModelsRun).And.BeLessThanOrEqualTo(Besides + most);
        result.Written.FloatLayers.Count.Should().BeInRange(whole.Written.FloatLayers.Count, Factors.Length);
        result.Reason.Message.Should().StartWith("The target of a figure of 26 is met: ").And.EndWith(
            $" The search was stopped by the limit of {most} trials, PartialOptions.MaxTrials; with more it may find a better set.");
        whole.Reason.Message.Should().NotContain("limit");
    }

    [Fact]
    public void Within_a_latency_a_limit_of_trials_is_kept_too()
    {
        PartialResult result = Run(FloatOnly with { Target = PartialTarget.MaxLatencyRatio(1000), MaxTrials = 2 });

        result.IsLimitReached.Should().BeTrue();
        result.Written.FloatLayers.Should().HaveCountLessThanOrEqualTo(2);
        result.Reason.Message.Should().StartWith("The best that was found within ").And.Contain("stopped by the limit of 2 trials");
    }

    [Fact]
    public void The_time_left_depends_on_the_limit_of_trials()
    {
        List<QuantizationProgress> seen = [];
        PartialQuantizer.Run(
            Model,
            Calibration,
            Scoring,
            Output,
            FloatOnly with { Target = PartialTarget.Reach(26) },
            new SynchronousProgress<QuantizationProgress>(seen.Add));

        QuantizationProgress[] off = [.. seen.Where(each => each.Stage == QuantizationStage.Excluding)],
            on = [.. seen.Where(each => each.Stage == QuantizationStage.Requantizing)];
        long left = 12 * Factors.Length - off[^1].Completed;
        off.Should().OnlyContain(each => each.Total == 12 * Factors.Length && each.Completed <= each.Total);
        on.Should().OnlyContain(each => each.Total == left && each.Completed <= each.Total);
        off.Concat(on).Where(each => each.Completed > 0).Should()
            .OnlyContain(each => each.Remaining > TimeSpan.Zero, "trials are left when both ways end");
        seen.Where(each => each.Stage == QuantizationStage.Curve).Should().OnlyContain(each => each.Completed <= each.Total);
    }

    [Fact]
    public void Within_a_wide_latency_every_layer_that_helps_is_in_float()
    {
        PartialResult result = Run(FloatOnly with { Target = PartialTarget.MaxLatencyRatio(1000) });

        result.IsTargetMet.Should().BeTrue();
        result.Threshold.Should().BeNull();
        result.Written.LatencyRatio.Should().BeInRange(0.001, 1000);
        result.Written.FloatLayers.Should().NotBeEmpty();
        result.Written.Score.Score.Should().BeGreaterThan(result.Quantized.Score.Score + 10)
            .And.Be(result.Curve.Where(point => point.LatencyRatio is not null).Max(point => point.Score.Score));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void The_result_does_not_depend_on_parallelism(int trials)
    {
        string other = _folder.PathTo("other.onnx");
        PartialResult expected = Run(FloatOnly with { MaxParallelTrials = 2 });

        PartialResult result = PartialQuantizer.Run(Model, Calibration, Scoring, other, FloatOnly with { MaxParallelTrials = trials });

        File.ReadAllBytes(other).Should().Equal(File.ReadAllBytes(Output));
        Facts(result).Should().Be(Facts(expected));
    }

    [Theory]
    [InlineData(QuantizationStage.Ranking, 3)]
    [InlineData(QuantizationStage.Excluding, 5)]
    [InlineData(QuantizationStage.Requantizing, 2)]
    public void An_interrupted_run_goes_on_from_its_trials(QuantizationStage stage, int completed)
    {
        PartialOptions options = FloatOnly with { MaxParallelTrials = 1 };
        PartialResult whole = Run(options);
        byte[] expected = File.ReadAllBytes(Output);
        using CancellationTokenSource stop = new();
        SynchronousProgress<QuantizationProgress> stopper = new(progress =>
        {
            if (progress.Stage == stage && progress.Completed == completed)
            {
                stop.Cancel();
            }
        });
        Failing(() => PartialQuantizer.Run(
            Model, Calibration, Scoring, Output, options with { TrialsPath = Trials }, stopper, stop.Token)).Should()
            .Throw<OperationCanceledException>();

        PartialResult rest = Run(options with { TrialsPath = Trials });
        PartialResult again = Run(options with { TrialsPath = Trials });

        rest.ModelsResumed.Should().BeGreaterThanOrEqualTo(completed);
        (rest.ModelsRun + rest.ModelsResumed).Should().Be(whole.ModelsRun);
        (again.ModelsRun, again.ModelsResumed).Should().Be((0, whole.ModelsRun));
        Facts(rest).Should().Be(Facts(whole));
        Facts(again).Should().Be(Facts(whole));
        File.ReadAllBytes(Output).Should().Equal(expected);
    }

    [Fact]
    public void Trials_of_other_samples_options_and_metrics_do_not_count()
    {
        PartialOptions options = FloatOnly with { TrialsPath = Trials };
        PartialResult first = Run(options);
        SampleList other = new([.. RandomTensors.Samples(128, UnevenNetwork.Width).Skip(96)]);

        PartialQuantizer.Run(Model, Calibration, other, Output, options).ModelsResumed.Should().Be(0);
        Run(options with { Metric = ModelMetric.Cosine, Target = PartialTarget.MaxLoss(0.01) }).ModelsResumed.Should().Be(0);
        Run(options with { Baseline = options.Baseline with { WeightFormat = CodeFormat.Signed(6) } }).ModelsResumed.Should().Be(0);
        Run(options).ModelsResumed.Should().Be(first.ModelsRun, "one file serves many runs");

        PartialOptions own = options with { Metric = Noise("1"), Target = PartialTarget.MaxLoss(10) };
        Run(own).ModelsResumed.Should().Be(0);
        Run(own with { Metric = Noise("2") }).ModelsResumed.Should().Be(0, "the metric's code may have changed");
        Run(own with { Metric = Noise("1") }).ModelsRun.Should().Be(0);

        static ModelMetric Noise(string version) =>
            ModelMetric.Create("own", outputs => outputs.Sum(sample => (double)sample.GetValues("h7")[0]), version: version);
    }

    [Fact]
    public void A_damaged_or_foreign_file_of_trials_is_refused_and_left_as_it_is()
    {
        Run(FloatOnly with { TrialsPath = Trials });
        byte[] good = File.ReadAllBytes(Trials);
        byte[] flipped = [.. good];
        flipped[good.Length / 2] ^= 1;
        byte[] newer = [.. good];
        newer[4]++;
        foreach ((byte[] content, string message) in ((byte[], string)[])[(good[..^1], "truncated or damaged"),
            (flipped, "truncated or damaged"), (newer, "has version 4"), ([.. "notes"u8], "is not a file of trials"),
            ([], "is not a file of trials")])
        {
            File.WriteAllBytes(Trials, content);
            Failing(() => Run(FloatOnly with { TrialsPath = Trials })).Should()
                .Throw<InvalidDataException>().WithMessage($"{Trials}: *{message}*");
            File.ReadAllBytes(Trials).Should().Equal(content);
        }
    }

    [Fact]
    public void What_cannot_be_is_said()
    {
        Failing(() => PartialTarget.MaxLoss(-0.1)).Should()
            .Throw<ArgumentOutOfRangeException>().WithMessage("The target must be 0 or more.*");
        Failing(() => PartialTarget.MaxLatencyRatio(0.9)).Should()
            .Throw<ArgumentOutOfRangeException>().WithMessage("The target must be 1 or more.*");
        Failing(() => PartialTarget.Reach(double.NaN)).Should().Throw<ArgumentOutOfRangeException>();
        Failing(() => Run(FloatOnly with { Target = PartialTarget.MaxLoss(0.01) })).Should()
            .Throw<ArgumentException>().WithMessage("The float model's SQNR of the outputs is infinite*PartialTarget.Reach(30)*");
        Failing(() => Run(
            FloatOnly with { Baseline = new PtqOptions { OwnWeights = new Dictionary<string, WeightOptions> { ["r1-node"] = new() } } }))
            .Should().Throw<ArgumentException>()
            .WithMessage("*PtqOptions.OwnWeights names 'r1-node', but the model has no such node with weights to quantize*");
        Failing(() => Run(FloatOnly with { Criterion = SensitivityCriterion.NoiseToSignal })).Should()
            .Throw<ArgumentException>().WithMessage("PartialOptions.Criterion is NoiseToSignal*");
        Failing(() => Run(FloatOnly with { RankingSamples = 0 })).Should().Throw<ArgumentOutOfRangeException>();
        Failing(() => Run(FloatOnly with { MaxTrials = -1 })).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("MaxTrials");
        _folder.Entries.Should().Equal("model.onnx");
    }

    private PartialResult Run(PartialOptions options) => PartialQuantizer.Run(Model, Calibration, Scoring, Output, options);

    private static Action Failing(Action action) => action;

    /// <summary>All that a result says, but for times and how many models were run.</summary>
    private static string Facts(PartialResult result) => string.Join(
        '\n',
        [
            result.Reason.Message,
            .. result.Changes.Select(
                change => $"{change.Node} {change.IsFloat} {string.Join(", ", change.Steps)} {change.Without} {change.Reason}"),
            .. result.Curve.Append(result.Quantized).Append(result.Written)
                .Select(point => $"{string.Join(", ", point.FloatLayers)} {point.Score} {point.Int8Share} {point.ModelBytes}"),
            .. result.Sensitivity.Rankings.Select(
                ranking => $"{ranking.Measure} {ranking.Criterion} {ranking.CorrelationWithMetric} {string.Join(", ", ranking.Layers)}"),
        ]);
}
