using CsCheck;

namespace Quantization.Tests.Training;

public sealed class SignGradientTests
{
    private const double Step = 1e-6;

    [Fact]
    public void The_gradient_of_the_sign_passes_from_minus_1_to_1()
    {
        float[] actual = new float[9];

        SignGradient.StraightThrough(
            [-1, MathF.BitDecrement(-1), 1, MathF.BitIncrement(1), 0, -0f, float.NaN, float.PositiveInfinity, 0.5f],
            [1, 2, 3, 4, 5, 6, 7, 8, 9],
            actual);

        actual.Should().Equal(1, 0, 3, 0, 5, 6, 0, 0, 9);
    }

    [Fact]
    public void The_gradient_of_binary_weights_is_the_finite_difference_of_their_surrogate() =>
        Gen.Select(
            Gen.Double[-1.8, 1.8].Where(w => Math.Abs(Math.Abs(w) - 1) > 1e-3 && Math.Abs(w) > 1e-3).Array[1, 40],
            Gen.Double[-2, 2].Array[40]).Sample((weights, gradients) =>
            {
                float[] w = [.. weights.Select(weight => (float)weight)],
                    g = [.. gradients.Take(w.Length).Select(gradient => (float)gradient)], actual = new float[w.Length];
                float mean = (float)w.Average(weight => Math.Abs((double)weight));

                SignGradient.ScaledSign(w, g, mean, actual);

                for (int i = 0; i < w.Length; i++)
                {
                    double difference = (Loss(w, g, i, Step) - Loss(w, g, i, -Step)) / (2 * Step);
                    actual[i].Should().BeApproximately((float)difference, 1e-5f);
                }
            });

    [Fact]
    public void Unequal_lengths_are_refused()
    {
        Action gradients = () => SignGradient.StraightThrough(new float[2], new float[3], new float[2]);
        Action destination = () => SignGradient.ScaledSign(new float[2], new float[2], 1, new float[1]);

        gradients.Should().Throw<ArgumentException>().WithParameterName("outputGradient");
        destination.Should().Throw<ArgumentException>().WithParameterName("sourceGradient");
    }

    /// <summary>Σ g · α(w) · (clamp(w) + error), the error of the sign held fixed, with one weight moved.</summary>
    private static double Loss(float[] w, float[] g, int moved, double by)
    {
        double[] at = [.. w.Select((weight, i) => weight + (i == moved ? by : 0.0))];
        double mean = at.Average(Math.Abs);
        return at.Select((weight, i) => g[i] * mean * (Math.Clamp(weight, -1, 1) + (w[i] < 0 ? -1 : 1) - Math.Clamp((double)w[i], -1, 1)))
            .Sum();
    }
}
