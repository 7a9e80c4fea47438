namespace Quantization.Tests.Statistics;

public sealed class CalibrationAdviceTests
{
    [Fact]
    public void The_range_settles_at_the_first_sample_from_which_no_end_moves_by_more_than_the_tolerance()
    {
        RangeConvergence convergence = new();
        foreach ((float min, float max) in new[] { (-1f, 1f), (-0.5f, 4f), (0f, 0f), (-2f, 7.5f), (-1f, 8f), (0f, 1f) })
        {
            convergence.Add(new ValueRange(min, max));
        }

        convergence.SampleCount.Should().Be(6);
        convergence.Range.Should().Be(new ValueRange(-2, 8));
        convergence.LastGrowth.Should().Be(5);
        convergence.SettledAfter(0).Should().Be(5);
        convergence.SettledAfter(0.05).Should().Be(4);
        convergence.SettledAfter(0.4).Should().Be(2);
        convergence.SettledAfter(1).Should().Be(1);
        convergence.ToString().Should().Be("[-2, 8] after 6 samples, last widened by sample 5");
    }

    [Fact]
    public void Without_samples_nothing_has_settled()
    {
        new RangeConvergence().SettledAfter(0.1).Should().BeNull();
        new RangeConvergence().Range.Should().BeNull();
        ((Action)(() => new RangeConvergence().SettledAfter(double.NaN))).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Equal_distributions_lie_0_apart_and_disjoint_ones_1()
    {
        TensorStatistics once = PlainHistogram.Observed(64, [0, 1, -2, 3]);
        TensorStatistics twice = PlainHistogram.Observed(64, [0, 1, -2, 3, 0, 1, -2, 3]);
        TensorStatistics other = PlainHistogram.Observed(64, [10, -20]);

        StatisticsDistance.JensenShannon(once, twice).Should().Be(0);
        StatisticsDistance.Wasserstein(once, twice).Should().Be(0);
        StatisticsDistance.JensenShannon(once, other).Should().Be(1);
        StatisticsDistance.JensenShannon(other, once).Should().Be(1);
    }

    [Fact]
    public void Jensen_Shannon_of_half_shared_mass_is_what_the_formula_says()
    {
        // p = (1/2, 1/2, 0), q = (0, 1/2, 1/2): each side has 1/2 · log2(1/2 / 1/4) = 1/2.
        TensorStatistics first = PlainHistogram.Observed(64, [1, 2]);
        TensorStatistics second = PlainHistogram.Observed(64, [2, 3]);

        StatisticsDistance.JensenShannon(first, second).Should().BeApproximately(0.5, 1e-15);
    }

    [Fact]
    public void Wasserstein_is_how_far_values_move_on_average()
    {
        // Bins of width 1/32 up to 2, so all values but zeros count as lying half a bin further out.
        TensorStatistics first = PlainHistogram.Observed(64, [1, 1, -1, 0]);
        TensorStatistics second = PlainHistogram.Observed(64, [1.5f, 1.5f, -1.5f, 0]);
        TensorStatistics mirrored = PlainHistogram.Observed(64, [-1, -1, 1, 0]);

        StatisticsDistance.Wasserstein(first, second).Should().BeApproximately(0.375, 1e-12);
        StatisticsDistance.Wasserstein(second, first).Should().BeApproximately(0.375, 1e-12);
        StatisticsDistance.Wasserstein(first, mirrored).Should().BeApproximately((2 + 1.0 / 32) / 4, 1e-12);
    }

    [Fact]
    public void Statistics_of_different_widths_and_bins_are_compared_on_common_ones()
    {
        float[] values = [.. Enumerable.Range(0, 5000).Select(i => MathF.Sin(i))];
        TensorStatistics fine = PlainHistogram.Observed(4096, values);
        TensorStatistics coarse = PlainHistogram.Observed(256, values);
        TensorStatistics wide = PlainHistogram.Observed(4096, values, [1000]);

        StatisticsDistance.JensenShannon(fine, coarse).Should().Be(0);
        StatisticsDistance.JensenShannon(fine, wide).Should().BeLessThan(0.001);
        StatisticsDistance.Wasserstein(fine, wide).Should().BeApproximately(1000.0 / 5001, 0.01);
    }

    [Fact]
    public void The_distance_to_nothing_is_refused()
    {
        Action act = () => StatisticsDistance.Wasserstein(new TensorStatistics(), PlainHistogram.Observed(64, [1]));

        act.Should().Throw<InvalidOperationException>();
    }
}
