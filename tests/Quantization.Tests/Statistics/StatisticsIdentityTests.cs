using System.Numerics.Tensors;

namespace Quantization.Tests.Statistics;

public sealed class StatisticsIdentityTests
{
    [Fact]
    public void Statistics_in_a_set_are_found_after_they_have_seen_more()
    {
        TensorStatistics statistics = PlainHistogram.Observed(16, [1, -2]);
        ChannelStatistics channels = Channels(1, -2);
        HashSet<object> set = [statistics, channels];

        statistics.Observe([3f]);
        channels.Observe(new ReadOnlyTensorSpan<float>([3f, 4f], [1, 2]));

        set.Contains(statistics).Should().BeTrue();
        set.Contains(channels).Should().BeTrue();
        set.Contains(statistics.Clone()).Should().BeFalse();
    }

    [Fact]
    public void Statistics_of_equal_content_are_not_the_same_object()
    {
        TensorStatistics statistics = PlainHistogram.Observed(16, [1, -2]);
        TensorStatistics same = statistics.Clone();

        statistics.ContentEquals(same).Should().BeTrue();
        statistics.Equals(same).Should().BeFalse();
        Channels(1, 2).ContentEquals(Channels(1, 2)).Should().BeTrue();
        Channels(1, 2).Equals(Channels(1, 2)).Should().BeFalse();
    }

    [Fact]
    public void Every_difference_in_what_was_seen_is_a_difference_in_content()
    {
        TensorStatistics reference = PlainHistogram.Observed(16, [0, 1.5f, -2]);
        TensorStatistics ignoring = reference.Clone();
        ignoring.Observe([float.NaN], NonFiniteValues.Ignore);

        foreach (TensorStatistics other in (TensorStatistics[])[
            ignoring,
            PlainHistogram.Observed(32, [0, 1.5f, -2]),
            PlainHistogram.Observed(16, [0, 0, -2]),
            PlainHistogram.Observed(16, [0, 1.50001f, -2]),
            PlainHistogram.Observed(16, [0, 1.5f, -2.00001f]),
            PlainHistogram.Observed(16, [1.5f, 1.5f, -2]),
            PlainHistogram.Observed(16, [0, 1.5f, -2, -1.2f]),
            new TensorStatistics(16)])
        {
            reference.ContentEquals(other).Should().BeFalse("{0} is not {1}", reference, other);
            other.ContentEquals(reference).Should().BeFalse();
        }

        reference.ContentEquals(null).Should().BeFalse();
    }

    [Fact]
    public void Channels_differ_by_axis_number_and_content()
    {
        ChannelStatistics reference = Channels(1, 2);

        reference.ContentEquals(Channels(1, 3)).Should().BeFalse();
        reference.ContentEquals(new ChannelStatistics(2, 1, 16)).Should().BeFalse();
        new ChannelStatistics(2, 1, 16).ContentEquals(new ChannelStatistics(2, 0, 16)).Should().BeFalse();
        new ChannelStatistics(2, 1, 16).ContentEquals(new ChannelStatistics(3, 1, 16)).Should().BeFalse();
        new ChannelStatistics(2, 1, 16).ContentEquals(new ChannelStatistics(2, 1, 32)).Should().BeFalse();
        reference.ContentEquals(null).Should().BeFalse();
    }

    private static ChannelStatistics Channels(float first, float second)
    {
        ChannelStatistics statistics = new(2, 1, 16);
        statistics.Observe(new ReadOnlyTensorSpan<float>([first, second], [1, 2]));
        return statistics;
    }
}
