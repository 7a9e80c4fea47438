using CsCheck;

namespace Quantization.Tests.Statistics;

public sealed class FromHistogramTests
{
    [Fact]
    public void Our_own_bins_with_exact_bounds_give_our_own_state() =>
        Gen.Float[-5, 5].Array[1, 300].Sample(values =>
        {
            TensorStatistics observed = PlainHistogram.Observed(64, values);
            double[] edges = [.. Enumerable.Range(-64, 129).Select(i => i * observed.BinWidth)];
            long[] counts = [.. observed.NegativeBins.ToArray().Reverse(), .. observed.PositiveBins.ToArray()];
            float[] inBins = [.. values.Where(value => value != 0)];
            ValueRange? range = inBins.Length == 0 ? null : new ValueRange(inBins.Min(), inBins.Max());

            TensorStatistics.FromHistogram(edges, counts, observed.ZeroCount, range, 64).ShouldHaveTheContentOf(observed);
        }, iter: 300);

    [Fact]
    public void A_histogram_in_the_manner_of_numpy_is_taken_over_within_half_a_bin()
    {
        double[] edges = [.. Enumerable.Range(0, 11).Select(i => i * 0.37 - 1)];
        long[] counts = [0, 5, 0, 7, 1, 0, 0, 3, 0, 0];

        TensorStatistics statistics = TensorStatistics.FromHistogram(edges, counts, binsPerSign: 1024);

        statistics.Count.Should().Be(16);
        statistics.Min.Should().Be(-0.63f);
        statistics.Max.Should().BeLessThan(1.96f).And.BeGreaterThan(1.9599f);
        statistics.NegativeBins.ToArray().Sum().Should().Be(5);
    }

    [Fact]
    public void A_histogram_without_values_gives_statistics_that_saw_none_or_only_zeros()
    {
        TensorStatistics.FromHistogram([0, 1], [0]).ShouldHaveTheContentOf(new TensorStatistics());
        TensorStatistics.FromHistogram([0, 1], [0], zeroCount: 3).ShouldHaveTheContentOf(PlainHistogram.Observed(4096, [0, 0, 0]));
    }

    [Fact]
    public void Bad_histograms_are_refused()
    {
        Refused(() => TensorStatistics.FromHistogram([0, 1], [1, 2]), "*2 counts need 3 edges*");
        Refused(() => TensorStatistics.FromHistogram([0], []), "*at least one count*");
        Refused(() => TensorStatistics.FromHistogram([0, 1, 1], [1, 2]), "*Edge 2 is 1*ascend*");
        Refused(() => TensorStatistics.FromHistogram([0, double.NaN], [1]), "*Edge 1 is NaN*");
        Refused(() => TensorStatistics.FromHistogram([0, 1e39], [1]), "*Edge 1 is 1E+39*");
        Refused(() => TensorStatistics.FromHistogram([0, 1], [-1]), "*Count 0 is -1*");
        Refused(() => TensorStatistics.FromHistogram([0, 1], [1], zeroCount: -1), "*zeroCount*");
        Refused(() => TensorStatistics.FromHistogram([0, 1, 2], [3, 0], range: new ValueRange(0, 1.5f)), "*[0, 1.5]*does not end*");
    }

    private static void Refused(Action act, string message) => act.Should().Throw<ArgumentException>().WithMessage(message);
}
