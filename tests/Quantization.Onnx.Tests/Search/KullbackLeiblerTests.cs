namespace Quantization.Onnx.Tests.Search;

/// <summary>The divergence of class distributions against the sum written out in doubles.</summary>
public sealed class KullbackLeiblerTests
{
    [Fact]
    public void Logits_go_through_the_softmax()
    {
        float[] reference = [1, 2, 3, 100, -50, 99, 0, 0, 0], actual = [1.5f, 2, 2.5f, 99, -20, 100, 1, 0, 0];

        double expected = reference.Chunk(3).Zip(actual.Chunk(3), (row, other) => Divergence(Softmax(row), Softmax(other))).Average();

        Diverge(reference, actual, 3, 3).Should().BeApproximately(expected, 1e-6);
        Diverge(reference, actual, 1, 3, 3).Should().BeApproximately(expected, 1e-6, "steps are rows too");
        Diverge(reference, actual, 3, 3, 1, 1).Should().BeApproximately(expected, 1e-6, "axes of length 1 at the end do not count");
    }

    [Fact]
    public void Probabilities_are_taken_as_they_are()
    {
        float[] reference = [0.7f, 0.2f, 0.1f, 0, 0.5f, 0.5f], actual = [0.5f, 0.25f, 0.25f, 0.25f, 0.25f, 0.5f];

        Diverge(reference, actual, 2, 3).Should()
            .BeApproximately((0.7 * Math.Log(1.4) + 0.2 * Math.Log(0.8) + 0.1 * Math.Log(0.4) + 0.5 * Math.Log(2)) / 2, 1e-6);
    }

    [Fact]
    public void Equal_outputs_do_not_diverge_and_an_excluded_class_does_not_make_it_infinite()
    {
        float[] row = [0.3f, -1.7f, 12];

        Diverge(row, row, 1, 3).Should().Be(0);
        Diverge([1, 0], [0, 1], 1, 2).Should().BeApproximately(12 * Math.Log(10), 1e-3);
    }

    [Theory]
    [InlineData(6L)]
    [InlineData(6L, 1L)]
    [InlineData(1L, 1L, 2L, 3L)]
    public void Without_rows_of_classes_there_is_none(params long[] shape) =>
        Diverge([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], shape).Should().BeNull();

    [Fact]
    public void A_search_ranks_by_it()
    {
        using TemporaryFolder folder = new();
        SearchOptions options = new()
        {
            ActivationCalibrators = [new MaxCalibrator(), new PercentileCalibrator(99)],
            WeightCalibrators = [new MaxCalibrator()],
            ActivationSchemes = [QuantizationScheme.Affine],
            PerTensorTrials = 0,
            Metric = ModelMetric.KullbackLeibler,
        };

        SearchResult result = PtqSearch.Run(
            FashionExample.ModelPath,
            FashionExample.TrainingImages(0, 20),
            FashionExample.TrainingImages(20, 40),
            folder.PathTo("best.onnx"),
            options);

        result.FloatScore.Score.Should().Be(0);
        result.Best.Score.Score.Should().Be(result.Trials.Min(trial => trial.Score.KullbackLeibler!.Value)).And.BePositive();
        result.Trials.Should().OnlyContain(trial => trial.Score.Score == trial.Score.KullbackLeibler);
    }

    private static double? Diverge(float[] reference, float[] actual, params long[] shape)
    {
        ClassDivergence divergence = new();
        if (ClassRows.LengthOf(shape) is > 0 and int classes)
        {
            divergence.Add(reference, actual, classes);
        }

        return divergence.Mean;
    }

    private static double[] Softmax(float[] row)
    {
        double[] exponentials = [.. row.Select(value => Math.Exp((double)value - row.Max()))];
        return [.. exponentials.Select(value => value / exponentials.Sum())];
    }

    private static double Divergence(double[] p, double[] q) =>
        p.Zip(q, (a, b) => a < 1e-12 ? 0 : a * Math.Log(a / Math.Max(b, 1e-12))).Sum();
}
