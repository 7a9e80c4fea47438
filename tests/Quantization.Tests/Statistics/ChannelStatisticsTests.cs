using System.Numerics.Tensors;

namespace Quantization.Tests.Statistics;

public sealed class ChannelStatisticsTests
{
    private static readonly float[] Values = [.. Enumerable.Range(0, 6 * 70 * 40).Select(i => i % 9 == 0 ? 0 : MathF.Sin(i) * i)];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(-1)]
    [InlineData(-2)]
    public void A_channel_sees_the_values_of_its_index(int axis)
    {
        ReadOnlyTensorSpan<float> tensor = new(Values, [6, 70, 40]);
        int channels = (int)tensor.Lengths[Granularity.PerChannel(axis).GetAxis(3)];
        ChannelStatistics statistics = new(channels, axis, 256);

        statistics.Observe(tensor);

        List<float>[] expected = [.. Enumerable.Range(0, channels).Select(_ => new List<float>())];
        for (int i = 0; i < Values.Length; i++)
        {
            int[] index = [i / 2800, i / 40 % 70, i % 40];
            expected[index[Granularity.PerChannel(axis).GetAxis(3)]].Add(Values[i]);
        }

        for (int channel = 0; channel < channels; channel++)
        {
            statistics[channel].ShouldDescribe(expected[channel]);
        }

        statistics.MergeChannels().ShouldHaveTheContentOf(PlainHistogram.Observed(256, Values));
    }

    [Theory]
    [InlineData(2500, 3)]
    [InlineData(1025, 5)]
    [InlineData(65, 1100)]
    public void Channels_side_by_side_see_every_row_once(int rows, int channels)
    {
        // Behind the tensor lie values that do not belong to it.
        float[] values = [.. Enumerable.Range(0, (rows + 100) * channels).Select(i => i < rows * channels ? MathF.Sin(i) * i : 1e9f)];
        ChannelStatistics statistics = new(channels, -1, 64);

        statistics.Observe(new ReadOnlyTensorSpan<float>(values.AsSpan(0, rows * channels), [rows, channels]));

        for (int channel = 0; channel < channels; channel++)
        {
            statistics[channel].ShouldDescribe([.. Enumerable.Range(0, rows).Select(row => values[(row * channels) + channel])]);
        }
    }

    [Fact]
    public void A_tensor_of_any_strides_counts_as_its_values()
    {
        ReadOnlyTensorSpan<float> window = new ReadOnlyTensorSpan<float>(Values, [6, 70, 40]).Slice([1..5, 3..60, 2..30]);
        float[] flat = new float[window.FlattenedLength];
        window.FlattenTo(flat);
        ChannelStatistics strided = new(57, 1, 64);
        ChannelStatistics dense = new(57, 1, 64);

        strided.Observe(window);
        dense.Observe(new ReadOnlyTensorSpan<float>(flat, [4, 57, 28]));

        strided.ShouldHaveTheContentOf(dense);
    }

    [Fact]
    public void Shards_merge_to_the_whole_and_survive_a_file()
    {
        ChannelStatistics whole = new(40, -1, 64);
        whole.Observe(new ReadOnlyTensorSpan<float>(Values, [420, 40]));
        ChannelStatistics first = new(40, -1, 64);
        first.Observe(new ReadOnlyTensorSpan<float>(Values.AsSpan(0, 4000), [100, 40]));
        ChannelStatistics second = new(40, -1, 64);
        second.Observe(new ReadOnlyTensorSpan<float>(Values.AsSpan(4000), [320, 40]));
        using MemoryStream file = new();
        second.Save(file);
        file.Position = 0;

        first.Merge(ChannelStatistics.Load(file));

        first.ShouldHaveTheContentOf(whole);
    }

    [Fact]
    public void A_non_finite_value_leaves_every_channel_as_it_was()
    {
        float[] values = [1, 2, 3, 4, 5, float.NaN];
        ChannelStatistics statistics = new(2, 0);

        Action act = () => statistics.Observe(new ReadOnlyTensorSpan<float>(values, [2, 3]));

        act.Should().Throw<NonFiniteValueException>().Which.Index.Should().Be(5);
        statistics.ShouldHaveTheContentOf(new ChannelStatistics(2, 0));
        statistics.Observe(new ReadOnlyTensorSpan<float>(values, [2, 3]), NonFiniteValues.Ignore);
        statistics[1].NonFiniteCount.Should().Be(1);
        statistics[1].Count.Should().Be(2);
    }

    [Fact]
    public void Mismatches_are_named()
    {
        ChannelStatistics statistics = new(2, 1, 64);

        ((Action)(() => statistics.Observe(new ReadOnlyTensorSpan<float>([1f, 2, 3], [1, 3])))).Should()
            .Throw<ArgumentException>().WithMessage("*3 channels on axis 1*have 2*");
        ((Action)(() => statistics.Observe(new ReadOnlyTensorSpan<float>([1f, 2, 3])))).Should()
            .Throw<ArgumentException>().WithMessage("*axis 1*");
        ((Action)(() => statistics.Merge(new ChannelStatistics(3, 1, 64)))).Should()
            .Throw<ArgumentException>().WithMessage("*3 channels*2 channels*");
        ((Action)(() => statistics.Merge(new ChannelStatistics(2, 1, 128)))).Should()
            .Throw<ArgumentException>().WithMessage("*128 bins*64 bins*");
        ((Action)(() => _ = new ChannelStatistics(0, 1))).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void A_calibrator_gives_a_result_a_channel()
    {
        ChannelStatistics statistics = new(2, 0);
        statistics.Observe(new ReadOnlyTensorSpan<float>([1f, -2, 30, -5], [2, 2]));

        new MaxCalibrator().Calibrate(statistics, CodeFormat.Int8, QuantizationScheme.Symmetric).Select(result => result.Range.Max).Should()
            .Equal(2, 30);
    }
}
