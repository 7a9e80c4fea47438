using System.Numerics.Tensors;

namespace Quantization.Tests.Statistics;

public sealed class TensorStatisticsTests
{
    [Fact]
    public void Counts_values_by_sign_and_magnitude_and_zeros_apart()
    {
        TensorStatistics statistics = new(16);

        statistics.Observe([0f, -0f, 0.5f, 1f, 15.99f, -3f, -3.5f]);

        statistics.Count.Should().Be(7);
        statistics.ZeroCount.Should().Be(2);
        statistics.Min.Should().Be(-3.5f);
        statistics.Max.Should().Be(15.99f);
        statistics.BinWidth.Should().Be(1);
        statistics.PositiveBins.ToArray().Should().Equal(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
        statistics.NegativeBins.ToArray().Should().Equal(0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    [Fact]
    public void A_value_that_does_not_fit_doubles_the_width_until_it_does()
    {
        TensorStatistics statistics = new(16);
        statistics.Observe([1f, 2f, 3f, 15f]);

        statistics.Observe([16f]);

        statistics.BinWidth.Should().Be(2);
        statistics.PositiveBins.ToArray().Should().Equal(1, 2, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0);
    }

    [Fact]
    public void Nothing_observed_has_no_bounds()
    {
        TensorStatistics statistics = new();

        statistics.Count.Should().Be(0);
        statistics.Min.Should().Be(float.NaN);
        statistics.Max.Should().Be(float.NaN);
        statistics.BinsPerSign.Should().Be(4096);
        statistics.ToString().Should().Be("no values");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(4095)]
    [InlineData(131072)]
    [InlineData(-4096)]
    public void The_number_of_bins_is_a_power_of_two_in_bounds(int binsPerSign)
    {
        Action act = () => _ = new TensorStatistics(binsPerSign);

        act.Should().Throw<ArgumentOutOfRangeException>().Which.ParamName.Should().Be("binsPerSign");
    }

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "+infinity")]
    [InlineData(float.NegativeInfinity, "-infinity")]
    public void A_non_finite_value_is_refused_and_leaves_the_statistics_as_they_were(float value, string name)
    {
        TensorStatistics statistics = new();
        statistics.Observe([1f, -2f]);
        TensorStatistics before = statistics.Clone();
        float[] values = Enumerable.Repeat(100f, 3000).ToArray();
        values[2345] = value;

        foreach (Action act in new Action[]
        {
            () => statistics.Observe(values),
            () => statistics.Observe(new ReadOnlyTensorSpan<float>(values, [30, 100]))
        })
        {
            NonFiniteValueException error = act.Should().Throw<NonFiniteValueException>().Which;
            error.Index.Should().Be(2345);
            error.Value.Should().Be(value);
            error.Message.Should().Contain("index 2345 is " + name).And.Contain("NonFiniteValues.Ignore");
            statistics.ShouldHaveTheContentOf(before);
        }
    }

    [Fact]
    public void Ignored_non_finite_values_are_counted_apart()
    {
        TensorStatistics statistics = new();
        float[] values = Enumerable.Range(0, 5000)
            .Select(i => i % 7 == 3 ? float.NaN : i % 11 == 5 ? float.NegativeInfinity : i - 2500f).ToArray();
        TensorStatistics expected = new();
        expected.Observe(values.Where(float.IsFinite).ToArray());

        statistics.Observe(values, NonFiniteValues.Ignore);

        statistics.NonFiniteCount.Should().Be(values.Count(value => !float.IsFinite(value)));
        statistics.Count.Should().Be(expected.Count);
        statistics.Min.Should().Be(expected.Min);
        statistics.Max.Should().Be(expected.Max);
        statistics.PositiveBins.SequenceEqual(expected.PositiveBins).Should().BeTrue();
        statistics.NegativeBins.SequenceEqual(expected.NegativeBins).Should().BeTrue();
    }

    [Fact]
    public void A_tensor_of_any_strides_counts_as_its_values()
    {
        float[] data = Enumerable.Range(0, 4 * 50 * 60).Select(i => MathF.Sin(i) * i).ToArray();
        ReadOnlyTensorSpan<float> tensor = new(data, [4, 50, 60]);
        ReadOnlyTensorSpan<float> window = tensor.Slice([1..3, 7..40, 5..55]);
        ReadOnlyTensorSpan<float> transposed = new(data, [60, 50, 4], [1, 60, 3000]);
        ReadOnlyTensorSpan<float> broadcast = new(data, [5, 60], [0, 1]);

        Observed(window).ShouldHaveTheContentOf(Observed(Flatten(window)));
        Observed(transposed).ShouldHaveTheContentOf(Observed(data));
        Observed(broadcast).ShouldHaveTheContentOf(Observed(Flatten(broadcast)));
        Observed(tensor).ShouldHaveTheContentOf(Observed(data));
    }

    [Fact]
    public void Statistics_of_different_bin_counts_merge_after_coarsening()
    {
        float[] values = Enumerable.Range(0, 5000).Select(i => MathF.Sin(i) * i).ToArray();
        TensorStatistics fine = Observed(values);
        TensorStatistics coarse = new(256);
        coarse.Observe(values);

        Action act = () => coarse.Merge(fine);

        act.Should().Throw<ArgumentException>().WithMessage("*4096*256*Coarsen(256)*");
        fine.Coarsen(256).ShouldHaveTheContentOf(coarse);
    }

    private static TensorStatistics Observed(ReadOnlySpan<float> values)
    {
        TensorStatistics statistics = new();
        statistics.Observe(values);
        return statistics;
    }

    private static TensorStatistics Observed(in ReadOnlyTensorSpan<float> values)
    {
        TensorStatistics statistics = new();
        statistics.Observe(values);
        return statistics;
    }

    private static float[] Flatten(in ReadOnlyTensorSpan<float> tensor)
    {
        float[] flat = new float[tensor.FlattenedLength];
        tensor.FlattenTo(flat);
        return flat;
    }
}
