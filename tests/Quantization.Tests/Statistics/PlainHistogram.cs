namespace Quantization.Tests.Statistics;

/// <summary>
/// The state's definition, taken literally and one value at a time in double precision, with all values known beforehand.
/// </summary>
internal static class PlainHistogram
{
    public static void ShouldDescribe(this TensorStatistics statistics, IReadOnlyCollection<float> values)
    {
        double largest = values.Count == 0 ? 0 : values.Max(value => Math.Abs((double)value));
        int exponent = -149;
        while (largest >= statistics.BinsPerSign * Math.Pow(2, exponent))
        {
            exponent++;
        }

        long[] positive = new long[statistics.BinsPerSign];
        long[] negative = new long[statistics.BinsPerSign];
        foreach (float value in values.Where(value => value != 0))
        {
            (value > 0 ? positive : negative)[(int)Math.Floor(Math.Abs((double)value) / Math.Pow(2, exponent))]++;
        }

        statistics.Count.Should().Be(values.Count);
        statistics.ZeroCount.Should().Be(values.Count(value => value == 0));
        statistics.BinWidthExponent.Should().Be(exponent);
        statistics.PositiveBins.SequenceEqual(positive).Should().BeTrue();
        statistics.NegativeBins.SequenceEqual(negative).Should().BeTrue();
        if (values.Count > 0)
        {
            BitConverter.SingleToInt32Bits(statistics.Min).Should().Be(BitConverter.SingleToInt32Bits(values.Min() + 0f));
            BitConverter.SingleToInt32Bits(statistics.Max).Should().Be(BitConverter.SingleToInt32Bits(values.Max() + 0f));
        }
    }

    public static void ShouldHaveTheContentOf(this TensorStatistics statistics, TensorStatistics expected) =>
        statistics.ContentEquals(expected).Should().BeTrue("{0} should have the state of {1}", statistics, expected);

    public static void ShouldHaveTheContentOf(this ChannelStatistics statistics, ChannelStatistics expected) =>
        statistics.ContentEquals(expected).Should().BeTrue("the statistics of all channels should be the same");

    public static byte[] ToBytes(this TensorStatistics statistics)
    {
        using MemoryStream stream = new();
        statistics.Save(stream);
        return stream.ToArray();
    }

    public static TensorStatistics Observed(int binsPerSign, params float[][] batches)
    {
        TensorStatistics statistics = new(binsPerSign);
        foreach (float[] batch in batches)
        {
            statistics.Observe(batch);
        }

        return statistics;
    }
}
