namespace Quantization.Onnx.Tests.Scoring;

/// <summary>Every figure against its definition, for outputs of every rank.</summary>
public sealed class FigureReferenceTests
{
    public static TheoryData<long[], int> Shapes { get; } = new()
    {
        { [], 1 },
        { [7], 1 },
        { [4], 4 },
        { [1, 10], 1 },
        { [6, 10], 6 },
        { [2, 3], 1 },
        { [5, 1], 5 },
        { [3, 2], 3 },
        { [1, 5, 10], 1 },
        { [4, 5, 10], 4 },
        { [3, 10, 1], 3 },
        { [2, 1, 10], 2 },
        { [5, 4, 3], 4 },
        { [1, 4, 3], 4 },
        { [1, 3, 4, 5], 1 },
        { [2, 3, 4, 5], 2 },
        { [2, 10, 1, 1], 2 },
        { [2, 4, 10, 1], 2 },
        { [1, 1, 1, 1], 1 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Random_outputs(long[] shape, int samples) => Compare(RandomRun.Make(shape, samples));

    [Theory]
    [InlineData(new long[] { 6, 10 }, 6)]
    [InlineData(new long[] { 4, 5, 10 }, 4)]
    public void Random_probabilities(long[] shape, int samples) => Compare(RandomRun.Make(shape, samples, areProbabilities: true));

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_reference_compared_with_itself(long[] shape, int samples)
    {
        RandomRun[] runs =
        [
            .. RandomRun.Make(shape, samples).Select(run => run with
            {
                Outputs = [.. run.Outputs.Select(output => output with { Actual = output.Reference })],
            }),
        ];

        ModelFigures figures = Compare(runs);

        figures.SignalToNoise!.Value.Should().Be(double.PositiveInfinity);
        figures.Cosine!.Value.Should().Be(1);
        figures.Agreement?.Value.Should().Be(1);
        figures.KullbackLeibler?.Value.Should().Be(0);
    }

    [Fact]
    public void The_output_that_is_named_holds_the_classes()
    {
        RandomRun[] runs = RandomRun.Make([4], 4);
        RandomRun[] swapped = [.. runs.Select(run => run with { Outputs = [run.Outputs[1], run.Outputs[0]] })];
        using FigureKeeper keeper = Feed(runs, logits: "second");

        AssertFigure(keeper.Figures.Agreement, ModelMetric.Agreement, new SlowFigures(swapped).Agreement);
    }

    private static ModelFigures Compare(RandomRun[] runs)
    {
        SlowFigures expected = new(runs);
        int samples = runs.Sum(run => run.Samples.Count);
        using FigureKeeper keeper = Feed(runs, logits: null);
        ModelFigures figures = keeper.Figures;
        int[] outputs = [0, 1, 2];

        AssertFigure(figures.Top1, ModelMetric.Top1, expected.Top1);
        AssertFigure(figures.Agreement, ModelMetric.Agreement, expected.Agreement);
        AssertFigure(figures.SignalToNoise, ModelMetric.SignalToNoise, (outputs.Min(expected.SignalToNoise), samples));
        AssertFigure(figures.Cosine, ModelMetric.Cosine, (outputs.Min(expected.Cosine), samples));
        keeper.Outputs.Should().Equal(outputs.Select(output => new OutputFigures(
            runs[0].Outputs[output].Name,
            new MetricFigure(ModelMetric.SignalToNoise, expected.SignalToNoise(output), samples),
            new MetricFigure(ModelMetric.Cosine, expected.Cosine(output), samples))));
        figures.KullbackLeibler?.Samples.Should().Be(expected.KullbackLeibler?.Samples);
        (figures.KullbackLeibler is null).Should().Be(expected.KullbackLeibler is null);
        figures.KullbackLeibler?.Value.Should().BeApproximately(
            expected.KullbackLeibler!.Value.Value, 1e-6, "the library takes the softmax in 32-bit floats");
        return figures;
    }

    private static void AssertFigure(MetricFigure? figure, ModelMetric metric, (double Value, int Samples)? expected) =>
        figure.Should().Be(expected is var (value, samples) ? new MetricFigure(metric, value, samples) : null);

    private static FigureKeeper Feed(RandomRun[] runs, string? logits)
    {
        FigureKeeper keeper = new("model.onnx", logits, []);
        foreach (RandomRun run in runs)
        {
            keeper.Add(
                run.Samples,
                [
                    .. run.Outputs.Select(output => new ComparedOutput(
                        "model.onnx", output.Name, output.Shape, new FloatOutput(output.Reference), new FloatOutput(output.Actual))),
                ]);
        }

        return keeper;
    }
}
