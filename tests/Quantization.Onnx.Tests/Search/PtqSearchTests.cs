namespace Quantization.Onnx.Tests.Search;

/// <summary>Searches with the classifier that the tool ships.</summary>
public sealed class PtqSearchTests : IDisposable
{
    private static readonly SearchOptions Small = new()
    {
        ActivationCalibrators = [new MaxCalibrator(), new PercentileCalibrator(99.9)],
        WeightCalibrators = [new MaxCalibrator()],
        Baseline = new PtqOptions { ActivationCalibrator = new MaxCalibrator(), Refine = false },
        PerTensorTrials = 0,
        BatchSize = 50,
    };

    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.PathTo("best.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_combination_is_tried_once_from_one_calibration()
    {
        SampleList calibration = FashionExample.TrainingImages(0, 20);
        SampleList scoring = FashionExample.TrainingImages(20, 60);

        SearchResult result = PtqSearch.Run(
            FashionExample.ModelPath,
            calibration,
            scoring,
            Output,
            new SearchOptions { Baseline = new PtqOptions { Refine = false }, PerTensorTrials = 0, BatchSize = 60 });

        calibration.Enumerations.Should().Be(1);
        result.Trials.Should().HaveCount(
            6 * 2 + 3, "calibrators and schemes of activations are tried first, then what else weights can have beside the best");
        result.Trials.Select(trial => trial.Name).Should().OnlyHaveUniqueItems()
            .And.Contain(["Percentile 99.999, symmetric, weights Max per channel", "Entropy, affine, weights Max per channel"]);
        result.Trials.TakeLast(3).Select(trial => trial.Name.Split(", weights ")[1]).Should()
            .Equal("MSE per channel", "Max per tensor", "MSE per tensor");
        result.Metric.Should().BeSameAs(ModelMetric.SignalToNoise, "no sample has a label");
        SearchTrial nearest = result.Trials.MinBy(trial => trial.Score.Samples.MeanLevel)!;
        PairedTest.IsLower(nearest.Score.Samples.Levels, result.Best.Score.Samples.Levels).Should()
            .BeFalse("no trial is surely nearer to the float model");
        result.Baseline.Name.Should().Be("MSE, affine, weights Max per channel");
        (result.Calibration.SampleCount, result.ScoringSamples, result.LabelledSamples, result.ResumedSamples).Should().Be((20, 60, 0, 0));
        MetricFigure exact = new(ModelMetric.SignalToNoise, double.PositiveInfinity, 60);
        result.FloatScore.Ranked.Should().Be(exact);
        result.FloatScore.Figures.Should().Be(new ModelFigures(
            null,
            new MetricFigure(ModelMetric.Agreement, 1, 60),
            exact,
            new MetricFigure(ModelMetric.Cosine, 1, 60),
            new MetricFigure(ModelMetric.KullbackLeibler, 0, 60)));
        _folder.Entries.Should().Equal("best.onnx");
    }

    [Fact]
    public void The_scores_are_those_of_the_written_model()
    {
        SearchResult result = PtqSearch.Run(
            FashionExample.ModelPath, FashionExample.TrainingImages(0, 20), FashionExample.TestImages(0, 200), Output, Small);

        ModelScore measured = ModelEvaluator.Evaluate(
            FashionExample.ModelPath, [Output], FashionExample.TestImages(0, 200), new EvaluationOptions { BatchSize = 50 }).Candidates[0];
        result.Metric.Should().BeSameAs(ModelMetric.Top1, "every sample has a label");
        result.Best.Score.Top1.Should().Be(measured.Top1).And.Be(result.Best.Score.Score);
        result.Best.Score.Agreement.Should().Be(measured.Agreement);
        result.Best.Score.SignalToNoise.Should().BeApproximately(measured.SignalToNoise!.Value, 1e-9);
        result.FloatScore.Top1.Should().Be(FashionExample.Top1(FashionExample.Logits(FashionExample.ModelPath, 200)));
    }

    [Fact]
    public void The_result_depends_neither_on_parallelism_nor_on_batches()
    {
        string other = _folder.PathTo("other.onnx");

        SearchResult alone = Search(Output, Small with { MaxParallelTrials = 1, BatchSize = 1 });
        SearchResult parallel = Search(other, Small with { MaxParallelTrials = 4, BatchSize = 50 });

        parallel.Trials.Select(trial => (trial.Name, trial.Score.Top1, trial.SameAs)).Should()
            .Equal(alone.Trials.Select(trial => (trial.Name, trial.Score.Top1, trial.SameAs)));
        File.ReadAllBytes(other).Should().Equal(File.ReadAllBytes(Output));
    }

    [Fact]
    public void At_four_bits_weights_the_search_beats_the_plain_maximum()
    {
        SearchOptions options = Small with
        {
            Baseline = new PtqOptions { WeightFormat = CodeFormat.Signed(4) },
            WeightCalibrators = [new MaxCalibrator(), new MseCalibrator()],
            ActivationSchemes = [QuantizationScheme.Affine],
            BatchSize = 100,
        };

        SearchResult result = PtqSearch.Run(
            FashionExample.ModelPath, FashionExample.TrainingImages(0, 100), FashionExample.TestImages(0, 2000), Output, options);

        result.Best.Score.Top1.Should().BeGreaterThan(result.Baseline.Score.Top1!.Value + 0.0025);
        result.Best.Name.Should().EndWith(", improved");
        result.Best.Options.WeightFormat.Should().Be(CodeFormat.Signed(4));
    }

    [Fact]
    public void Own_calibrators_are_adopted_where_they_help()
    {
        SearchOptions options = Small with
        {
            Baseline = new PtqOptions { ActivationCalibrator = new PercentileCalibrator(99.9) },
            ActivationCalibrators = [new PercentileCalibrator(99.9), new PercentileCalibrator(99.95)],
            ActivationSchemes = [QuantizationScheme.Affine],
            WeightGranularities = [GranularityKind.PerChannel],
            PerTensorTrials = 30,
        };

        SearchResult result = PtqSearch.Run(
            FashionExample.ModelPath, FashionExample.TrainingImages(0, 20), FashionExample.TrainingImages(20, 60), Output, options);

        SearchTrial combination = result.Trials.Take(2).MaxBy(trial => trial.Score.SignalToNoise)!;
        result.Best.Options.OwnCalibrators.Should().NotBeEmpty();
        result.Best.Score.SignalToNoise.Should().BeGreaterThan(combination.Score.SignalToNoise);
        result.Model.Activations.Where(each => result.Best.Options.OwnCalibrators.ContainsKey(each.Key)).Should()
            .OnlyContain(each => each.Value.Calibrator == result.Best.Options.OwnCalibrators[each.Key].Name);
    }

    [Fact]
    public void A_metric_of_the_callers_own_ranks_and_sees_every_sample_once()
    {
        ModelMetric error = ModelMetric.Create("mean absolute error", MeanError, largerIsBetter: false);

        SearchResult result = PtqSearch.Run(
            FashionExample.ModelPath,
            FashionExample.TrainingImages(0, 20),
            FashionExample.TrainingImages(20, 60),
            Output,
            Small with { Metric = error });

        result.FloatScore.Score.Should().Be(0);
        result.Trials.Should().OnlyContain(trial => trial.Score.Score > 0);
        result.Best.Score.Score.Should().Be(result.Trials.Min(trial => trial.Score.Score));

        static double MeanError(IEnumerable<SampleOutputs> samples)
        {
            List<string> names = [];
            double sum = 0;
            foreach (SampleOutputs sample in samples)
            {
                names.Add(sample.Sample.Name);
                sample.GetShape("logits").ToArray().Should().Equal(1, FashionExample.Classes);
                sum += sample.GetValues("logits").ToArray().Zip(sample.GetReference("logits").ToArray(), (a, b) => Math.Abs((double)a - b))
                    .Average();
            }

            names.Should().Equal(Enumerable.Range(20, 60).Select(i => $"train {i}"));
            return sum / names.Count;
        }
    }

    [Fact]
    public void An_interrupted_search_goes_on_from_its_calibration()
    {
        SearchOptions options = Small with { CalibrationPath = _folder.PathTo("state.qcal") };
        using CancellationTokenSource stop = new();
        SynchronousProgress<QuantizationProgress> stopper = new(progress =>
        {
            if (progress is { Stage: QuantizationStage.Calibrating, Completed: 140 })
            {
                stop.Cancel();
            }
        });
        SampleList samples = FashionExample.TrainingImages(0, 200);
        FluentActions.Invoking(() => PtqSearch.Run(
            FashionExample.ModelPath, samples, FashionExample.TrainingImages(200, 50), Output, options, stopper, stop.Token))
            .Should().Throw<OperationCanceledException>();
        _folder.Entries.Should().Equal("state.qcal");

        List<QuantizationProgress> reports = [];
        SearchResult result = PtqSearch.Run(
            FashionExample.ModelPath,
            samples,
            FashionExample.TrainingImages(200, 50),
            Output,
            options,
            new SynchronousProgress<QuantizationProgress>(reports.Add));

        result.ResumedSamples.Should().Be(128);
        result.Calibration.SampleCount.Should().Be(200);
        result.Calibration.Activations.Should().BeEquivalentTo(
            FashionExample.Calibration.Activations,
            check => check.Using<TensorStatistics>(each => each.Subject.ContentEquals(each.Expectation).Should().BeTrue())
                .WhenTypeIs<TensorStatistics>());
        reports.Where(report => report.Stage == QuantizationStage.Calibrating).Select(report => report.Completed).Should()
            .BeInAscendingOrder().And.EndWith([199, 200]);
        reports.Select(report => report.Stage).Distinct().Should().Equal(
            QuantizationStage.Calibrating,
            QuantizationStage.Referencing,
            QuantizationStage.Trying,
            QuantizationStage.Refining,
            QuantizationStage.Writing);
        reports.Last(report => report.Stage == QuantizationStage.Trying).Should().Match<QuantizationProgress>(
            report => report.Completed == report.Total && report.Remaining == TimeSpan.Zero && report.Best != null);
        PtqSearch.Run(FashionExample.ModelPath, samples, FashionExample.TrainingImages(200, 50), Output, options).ResumedSamples.Should()
            .Be(200);
    }

    [Fact]
    public void Samples_are_dealt_by_position_and_none_does_both()
    {
        (ISampleSource calibration, ISampleSource scoring) = SampleSplit.Deal(FashionExample.TrainingImages(0, 10));

        calibration.Select(sample => sample.Name).Should().Equal("train 0", "train 2", "train 4", "train 6", "train 8");
        scoring.Select(sample => sample.Name).Should().Equal("train 1", "train 3", "train 5", "train 7", "train 9");
        (calibration.Count, scoring.Count).Should().Be((5, 5));
        (calibration, scoring) = SampleSplit.Deal(FashionExample.TrainingImages(0, 270));
        calibration.Select(sample => sample.Name).TakeLast(4).Should().Equal("train 256", "train 260", "train 264", "train 268");
        (calibration.Count, scoring.Count).Should().Be((132, 138));
        (calibration, scoring) = SampleSplit.Deal(FashionExample.TrainingImages(0, 10), 4);
        calibration.Select(sample => sample.Name).Should().Equal("train 0", "train 4", "train 8");
        (calibration.Count, scoring.Count).Should().Be((3, 7));
    }

    [Fact]
    public void What_cannot_be_searched_is_said()
    {
        SampleList few = FashionExample.TrainingImages(0, 1);
        Failing(() => PtqSearch.Run(FashionExample.ModelPath, few, Output)).Should()
            .Throw<ArgumentException>().WithMessage("There is 1 sample; two are needed*");
        Failing(() => Search(FashionExample.ModelPath, Small)).Should()
            .Throw<ArgumentException>().WithMessage("*this is the float model itself*");
        Failing(() => Search(Output, Small with { ActivationCalibrators = [] })).Should()
            .Throw<ArgumentException>().WithMessage("SearchOptions.ActivationCalibrators is empty*");
        Failing(() => PtqSearch.Run(
            FashionExample.ModelPath, FashionExample.TrainingImages(0, 8), Output, Small with { Metric = ModelMetric.Top1 }))
            .Should().Throw<InvalidDataException>().WithMessage("No scoring sample has a label*");
        Failing(() => Search(Output, Small with { Metric = ModelMetric.Create("broken", _ => double.NaN) })).Should()
            .Throw<InvalidDataException>().WithMessage("The metric 'broken' gave NaN*");
        _folder.Entries.Should().BeEmpty();

        static Action Failing(Action action) => action;
    }

    private static SearchResult Search(string output, SearchOptions options) =>
        PtqSearch.Run(FashionExample.ModelPath, FashionExample.TrainingImages(0, 20), FashionExample.TestImages(0, 100), output, options);
}
