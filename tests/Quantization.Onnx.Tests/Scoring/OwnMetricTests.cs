using Quantization.Onnx.Tests.Samples;

namespace Quantization.Onnx.Tests.Scoring;

/// <summary>Metrics of the caller's own in an evaluation: what they see, and what they may do.</summary>
public sealed class OwnMetricTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _identity;
    private readonly string _negative;

    public OwnMetricTests()
    {
        _identity = _folder.Write("identity.onnx", TinyModel.Identity(shape: [-1, 3]));
        _negative = _folder.Write("neg.onnx", TinyModel.Unary("Neg", -1, 3));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    public void They_see_every_sample_of_every_model_once_at_any_batch_size(int batchSize)
    {
        ModelMetric error = ModelMetric.Create(
            "mean error", outputs => outputs.Average(Error), largerIsBetter: false, unit: MetricUnit.Share);
        ModelMetric names = ModelMetric.Create(
            "last name", outputs => outputs.Select(output => output.Sample.Name).ToArray() is ["a", "b", "c"] ? 1 : 0);
        ModelMetric shapes = ModelMetric.Create("shapes", outputs => outputs.Count(output => output.GetShape("y") is [1, 3]));

        EvaluationResult result = Evaluate(
            new EvaluationOptions { BatchSize = batchSize, Metrics = [error, names, ModelMetric.SignalToNoise, shapes] });

        result.Reference.Metrics.Should().Equal(
            new MetricFigure(error, 0, 3),
            new MetricFigure(names, 1, 3),
            result.Reference.Figures.SignalToNoise!,
            new MetricFigure(shapes, 3, 3));
        result.Candidates[0].Metrics.Should().Equal(
            new MetricFigure(error, (2 * 1 + 2 * 2 + 2 * 3) / 3.0, 3),
            new MetricFigure(names, 1, 3),
            result.Candidates[0].Figures.SignalToNoise!,
            new MetricFigure(shapes, 3, 3));
        (error.Unit, result.Candidates[0].Metrics[0].Unit, result.Candidates[0].Metrics[0].LargerIsBetter)
            .Should().Be((MetricUnit.Share, MetricUnit.Share, false));

        static double Error(SampleOutputs outputs) =>
            outputs.GetValues("y").ToArray().Zip(outputs.GetReference("y").ToArray(), (a, b) => Math.Abs((double)a - b)).Average();
    }

    [Fact]
    public void One_that_stops_early_or_never_begins_keeps_nobody_waiting()
    {
        ModelMetric first = ModelMetric.Create("first", outputs => outputs.First().GetValues("y")[0]);
        ModelMetric none = ModelMetric.Create("none", _ => 7);

        EvaluationResult result = Evaluate(new EvaluationOptions { Metrics = [first, none] });

        result.Candidates[0].Metrics.Select(figure => figure.Value).Should().Equal(-1, 7);
    }

    [Fact]
    public void What_one_throws_is_thrown()
    {
        int seen = 0;
        ModelMetric broken = ModelMetric.Create(
            "broken",
            outputs => outputs.Sum(output => Interlocked.Increment(ref seen) == 3 ? throw new FormatException("no text") : 0.0));

        ModelMetric idle = ModelMetric.Create("idle", outputs => outputs.Count());

        Action evaluate = () => Evaluate(new EvaluationOptions { Metrics = [broken, idle] });

        evaluate.Should().Throw<FormatException>().WithMessage("no text");
        seen.Should().Be(3);
    }

    [Fact]
    public void Outputs_cannot_be_gone_through_twice()
    {
        ModelMetric twice = ModelMetric.Create("twice", outputs => outputs.Count() + outputs.Count());

        Action evaluate = () => Evaluate(new EvaluationOptions { Metrics = [twice] });

        evaluate.Should().Throw<InvalidOperationException>().WithMessage("The outputs can be enumerated only once*");
    }

    [Fact]
    public void NaN_is_no_figure()
    {
        Action evaluate = () => Evaluate(new EvaluationOptions { Metrics = [ModelMetric.Create("empty", _ => double.NaN)] });

        evaluate.Should().Throw<InvalidDataException>().WithMessage("The metric 'empty' gave NaN*");
    }

    [Fact]
    public void One_of_the_librarys_own_that_cannot_be_measured_is_an_error()
    {
        Action evaluate = () => Evaluate(new EvaluationOptions { Metrics = [ModelMetric.Top1] });

        evaluate.Should().Throw<InvalidDataException>().WithMessage("No scoring sample has a label, so there is no top-1 accuracy*");
    }

    [Fact]
    public void A_run_that_is_given_up_ends_them()
    {
        using CancellationTokenSource stop = new();
        using ManualResetEventSlim ended = new();
        ModelMetric counting = ModelMetric.Create("counting", outputs =>
        {
            try
            {
                return outputs.Count(_ => Cancel());
            }
            finally
            {
                ended.Set();
            }
        });

        EvaluationOptions options = new() { Metrics = [counting] };

        Action evaluate = () => ModelEvaluator.Evaluate(_identity, [], Samples(), options, null, stop.Token);

        evaluate.Should().Throw<OperationCanceledException>();
        ended.IsSet.Should().BeTrue("an evaluation leaves no metric at work");

        bool Cancel()
        {
            stop.Cancel();
            return true;
        }
    }

    [Fact]
    public void Outputs_without_a_batch_axis_cannot_be_taken_apart()
    {
        string transposed = new ModelBuilder().Input("x", -1, 3).Output("y", 3, -1).Node("Transpose", ["x"], "y")
            .Save(_folder.PathTo("transpose.onnx"));
        ModelMetric count = ModelMetric.Create("count", outputs => outputs.Count());

        EvaluationOptions pairs = new() { BatchSize = 2 };

        Action joined = () => ModelEvaluator.Evaluate(transposed, [], Samples(), pairs with { Metrics = [count] });
        EvaluationResult single = ModelEvaluator.Evaluate(transposed, [], Samples(), new EvaluationOptions { Metrics = [count] });
        EvaluationResult without = ModelEvaluator.Evaluate(transposed, [transposed], Samples(), pairs);

        joined.Should().Throw<OnnxModelException>().WithMessage(
            $"{transposed}: output 'y' of shape [3, 2] does not begin with the batch axis of 2 samples*score with a batch size of 1.");
        single.Reference.Metrics.Should().Equal(new MetricFigure(count, 3, 3));
        without.Candidates[0].SignalToNoise.Should().Be(double.PositiveInfinity);
    }

    private EvaluationResult Evaluate(EvaluationOptions options) => ModelEvaluator.Evaluate(_identity, [_negative], Samples(), options);

    private static SampleList Samples() => new(
    [
        new ModelSample("a", SampleTensor.Create<float>("x", [1, 1, 1], 3)),
        new ModelSample("b", SampleTensor.Create<float>("x", [2, 2, 2], 3)),
        new ModelSample("c", SampleTensor.Create<float>("x", [3, 3, 3], 3)),
    ]);
}
