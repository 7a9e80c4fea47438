namespace Quantization.Onnx.Tests.Sensitivity;

public sealed class RankCorrelationTests
{
    /// <summary>
    /// The example of SciPy's documentation of <c>spearmanr</c>, with a tie; and the intelligence and hours of television of ten people
    /// that the textbooks go through by hand, ρ = −29/165.
    /// </summary>
    [Theory]
    [InlineData(new double[] { 1, 2, 3, 4, 5 }, new double[] { 5, 6, 7, 8, 7 }, 0.82078268166812329)]
    [InlineData(
        new double[] { 106, 100, 86, 101, 99, 103, 97, 113, 112, 110 }, new double[] { 7, 27, 2, 50, 28, 29, 20, 12, 6, 17 }, -29.0 / 165)]
    [InlineData(new double[] { 1, 1, 2, 2 }, new double[] { 10, 10, 30, 30 }, 1)]
    [InlineData(new double[] { 1, 2, 3 }, new double[] { double.PositiveInfinity, 5, -7 }, -1)]
    public void Agrees_with_published_examples(double[] x, double[] y, double expected) =>
        RankCorrelation.Spearman(x, y).Should().BeApproximately(expected, 1e-12);

    [Theory]
    [InlineData(new double[] { 1, 1, 1 }, new double[] { 1, 2, 3 })]
    [InlineData(new double[] { 1, 2, 3 }, new double[] { 4, 4, 4 })]
    [InlineData(new double[] { 1 }, new double[] { 2 })]
    public void Where_all_are_equal_there_is_none(double[] x, double[] y) => RankCorrelation.Spearman(x, y).Should().BeNull();
}
