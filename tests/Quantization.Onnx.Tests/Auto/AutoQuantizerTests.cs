using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests;

public sealed class AutoQuantizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Output => Path.Combine(_folder.FullName, "out.onnx");

    [Fact]
    public void The_figures_of_every_way_are_those_of_its_own_entry_point_and_evaluation()
    {
        string model = FashionExample.ModelPath;
        SampleList calibration = FashionExample.TrainingImages(0, 24), scoring = FashionExample.TestImages(0, 60);

        AutoResult result = AutoQuantizer.Run(
            model, calibration, scoring, Output, new AutoOptions { Budget = new AutoBudget { MaxLatencyRatio = 100 } });

        result.Candidates.Select(each => each.Way).Should().Equal(Enum.GetValues<QuantizationWay>());
        string ptq = Path.Combine(_folder.FullName, "ptq.onnx"), weights = Path.Combine(_folder.FullName, "weights.onnx");
        PostTrainingQuantizer.Quantize(model, calibration, ptq, new PtqOptions { LatencyRuns = 0 });
        WeightQuantizer.Quantize(model, weights);
        EvaluationResult evaluated = ModelEvaluator.Evaluate(model, [ptq, weights], scoring);
        AutoCandidate Of(QuantizationWay way) => result.Candidates.Single(each => each.Way == way);
        Of(QuantizationWay.StaticInt8).Bytes.Should().Be(new FileInfo(ptq).Length);
        Of(QuantizationWay.StaticInt8).Score!.Top1.Should().Be(evaluated.Candidates[0].Top1);
        Of(QuantizationWay.StaticInt8).Score!.SignalToNoise.Should().BeApproximately(evaluated.Candidates[0].SignalToNoise!.Value, 1e-3);
        Of(QuantizationWay.WeightsInt8).Bytes.Should().Be(new FileInfo(weights).Length);
        Of(QuantizationWay.WeightsInt8).Score!.Top1.Should().Be(evaluated.Candidates[1].Top1);
        result.FloatScore!.Top1.Should().Be(evaluated.Reference.Top1);
        result.Metric.Should().Be(ModelMetric.Top1);
        (result.CalibrationSamples, result.ScoringSamples, result.LabelledSamples).Should().Be((24, 60, 60));
    }

    [Fact]
    public void The_winner_is_written_and_is_the_best_row_that_meets_the_budget()
    {
        string model = FashionExample.ModelPath;
        AutoBudget budget = new() { MaxSizeRatio = 0.35, MaxLoss = 0.2 };

        AutoResult result = AutoQuantizer.Run(
            model, FashionExample.TrainingImages(0, 24), FashionExample.TestImages(0, 60), Output, new AutoOptions { Budget = budget });

        // Of all ways only static int8 makes convolutions a third of their size.
        result.Chosen!.Way.Should().Be(QuantizationWay.StaticInt8);
        new FileInfo(Output).Length.Should().Be(result.Chosen.Bytes);
        result.Chosen.Model!.OutputPath.Should().Be(Output);
        using InferenceSession session = new(Output);
        session.OutputNames.Should().Equal("logits");
        result.Summary.Message.Should()
            .StartWith("Picked int8, static. Top-1 accuracy ").And.EndWith("the fastest of the models within the budget.");
        result.Candidates.Where(each => each != result.Chosen).Should().OnlyContain(each => each.Verdict == AutoVerdict.TooLarge)
            .And.OnlyContain(each => each.Reason.Message.EndsWith("are allowed.", StringComparison.Ordinal));
        result.Chosen.IsOnFront.Should().BeTrue();
    }

    [Theory]
    [InlineData(null, 5.0, 0.95)]
    [InlineData(0.05, null, 0.5)]
    [InlineData(0.05, 5.0, null)]
    public void The_pick_is_the_best_row_of_the_table(double? loss, double? latency, double? size)
    {
        AutoBudget budget = new() { MaxLoss = loss, MaxLatencyRatio = latency, MaxSizeRatio = size };

        AutoResult result = AutoQuantizer.Run(
            FashionExample.ModelPath,
            FashionExample.TrainingImages(0, 24),
            FashionExample.TestImages(0, 60),
            Output,
            new AutoOptions { Budget = budget });

        AutoCandidate[] within =
        [
            .. result.Candidates.Where(each => (loss is null || each.Loss <= loss)
                && (latency is null || each.Latency!.Ratio <= latency)
                && (size is null || each.Bytes <= size * result.FloatBytes)),
        ];
        within.Should().Contain(result.Chosen!);
        if (loss is null)
        {
            result.Chosen!.Score!.Score.Should()
                .BeGreaterThanOrEqualTo(Math.Min(result.FloatScore!.Score, within.Max(each => each.Score!.Score)) - 0.001);
        }
        else
        {
            result.Chosen!.Latency!.Ratio.Should().BeLessThanOrEqualTo(1.05 * within.Min(each => each.Latency!.Ratio));
        }
    }

    [Fact]
    public void A_budget_that_nothing_meets_leaves_an_existing_file_as_it_is()
    {
        byte[] before = [1, 2, 3];
        File.WriteAllBytes(Output, before);

        AutoResult result = AutoQuantizer.Run(
            FashionExample.ModelPath, FashionExample.TrainingImages(0, 8), FashionExample.TestImages(0, 20), Output,
            new AutoOptions { Budget = new AutoBudget { MaxBytes = 1000 } });

        result.Chosen.Should().BeNull();
        result.Summary.Message.Should()
            .StartWith("Leave the model as it is: no way of quantizing gives a model of at most 1.0 KB. The nearest is int8, static with ");
        File.ReadAllBytes(Output).Should().Equal(before);
        Directory.GetFiles(_folder.FullName).Should().Equal(Output);
    }

    [Fact]
    public void Generated_inputs_show_only_size_and_speed_and_leave_out_what_needs_samples()
    {
        string model = EncoderModel.Make(500, 64, 64, 1).Save(Path.Combine(_folder.FullName, "encoder.onnx"));

        AutoResult result = AutoQuantizer.Run(model, Output, new AutoOptions { Budget = new AutoBudget { MaxSizeRatio = 0.9 } });

        result.Candidates.Select(each => each.Way).Should()
            .Equal(Enum.GetValues<QuantizationWay>().Where(way => way != QuantizationWay.StaticInt8));
        result.Candidates.Should().OnlyContain(each => each.Score == null && each.Loss == null && each.Latency != null);
        result.Chosen!.Way.Should().Be(QuantizationWay.Half);
        result.Summary.Message.Should()
            .EndWith("they show speed and size, not accuracy. Measure it on samples (ModelEvaluator.Evaluate) before the model is used.");
        (result.Metric, result.FloatScore, result.ScoringSamples).Should().Be((null, null, 0));
    }

    [Fact]
    public void A_cancelled_run_goes_on_from_what_it_kept()
    {
        string state = Path.Combine(_folder.FullName, "kept.qcal"), trials = Path.Combine(_folder.FullName, "kept.trials");
        AutoOptions options = new()
        {
            CalibrationPath = state,
            TrialsPath = trials,
            MaxParallelTrials = 1,
            Budget = new AutoBudget { MaxLatencyRatio = 100 }
        };
        using CancellationTokenSource cancellation = new();
        Listener listener = new(progress =>
        {
            if (progress is { Stage: QuantizationStage.ScoringWays, Completed: 2 })
            {
                cancellation.Cancel();
            }
        });
        AutoResult Run(IProgress<QuantizationProgress>? progress, CancellationToken token) => AutoQuantizer.Run(
            FashionExample.ModelPath,
            FashionExample.TrainingImages(0, 16),
            FashionExample.TestImages(0, 30),
            Output,
            options,
            progress,
            token);

        FluentActions.Invoking(() => Run(listener, cancellation.Token)).Should().Throw<OperationCanceledException>();
        File.Exists(Output).Should().BeFalse();
        AutoResult result = Run(null, CancellationToken.None);

        result.ResumedSamples.Should().Be(16);
        result.ModelsResumed.Should().BeGreaterThanOrEqualTo(2);
        File.Exists(Output).Should().BeTrue();
    }

    [Fact]
    public void The_samples_calibrate_once_and_score_once_a_model()
    {
        SampleList calibration = FashionExample.TrainingImages(0, 16), scoring = FashionExample.TestImages(0, 30);

        AutoResult result = AutoQuantizer.Run(
            FashionExample.ModelPath, calibration, scoring, Output, new AutoOptions { Budget = new AutoBudget { MaxLatencyRatio = 100 } });

        // Read to keep some, to see whether kept work fits, and to calibrate; the others work on the kept ones.
        calibration.Enumerations.Should().BeLessThanOrEqualTo(2);

        // Some to time with, the float model's outputs and its own score, and each model's.
        scoring.Enumerations.Should().BeLessThanOrEqualTo(result.Candidates.Count + 3);
    }

    [Fact]
    public void A_loss_of_a_metric_that_the_float_model_has_no_figure_of()
    {
        SampleList unlabelled = FashionExample.TrainingImages(0, 16);

        FluentActions.Invoking(() => AutoQuantizer.Run(
            FashionExample.ModelPath, unlabelled, Output, new AutoOptions { Budget = new AutoBudget { MaxLoss = 0.01 } }))
            .Should().Throw<ArgumentException>().WithMessage("*infinite*");
        FluentActions.Invoking(
            () => AutoQuantizer.Run(FashionExample.ModelPath, Output, new AutoOptions { Budget = new AutoBudget { MaxLoss = 0.01 } }))
            .Should().Throw<ArgumentException>().WithMessage("*needs samples*");
        FluentActions.Invoking(() => AutoQuantizer.Run(FashionExample.ModelPath, unlabelled, Output, new AutoOptions { Ways = [] }))
            .Should().Throw<ArgumentException>().WithMessage("*name at least one way.");
        File.Exists(Output).Should().BeFalse();
    }

    [Fact]
    public void The_JSON_has_every_candidate_with_its_verdict()
    {
        AutoResult result = AutoQuantizer.Run(
            FashionExample.ModelPath, FashionExample.TrainingImages(0, 8), FashionExample.TestImages(0, 20), Output,
            new AutoOptions { Budget = new AutoBudget { MaxSizeRatio = 0.5 }, Ways = [QuantizationWay.StaticInt8, QuantizationWay.Half] });

        using JsonDocument facts = JsonDocument.Parse(result.ToJson());

        facts.RootElement.GetProperty("chosen").GetString().Should().Be(result.Chosen!.Way.ToString());
        facts.RootElement.GetProperty("budget").GetProperty("maxSizeRatio").GetDouble().Should().Be(0.5);
        facts.RootElement.GetProperty("candidates").EnumerateArray().Select(each => each.GetProperty("verdict").GetString())
            .Should().Equal(result.Candidates.Select(each => each.Verdict.ToString()));
    }

    private sealed class Listener(Action<QuantizationProgress> report) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) => report(value);
    }
}
