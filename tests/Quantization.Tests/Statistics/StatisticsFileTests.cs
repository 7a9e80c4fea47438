using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Security.Cryptography;

namespace Quantization.Tests.Statistics;

/// <summary>Damaged and hostile files give a clear error and never a result.</summary>
public sealed class StatisticsFileTests
{
    private static readonly byte[] Sound = PlainHistogram.Observed(16, [0, 1, 2, -3, 15.5f]).ToBytes();

    private static readonly byte[] SoundChannels = Bytes(Channels());

    [Fact]
    public void Every_changed_byte_is_noticed()
    {
        for (int i = 0; i < Sound.Length; i++)
        {
            byte[] damaged = [.. Sound];
            damaged[i] ^= 0x41;
            ShouldBeRefused(damaged, $"byte {i} was changed");
        }

        for (int i = 0; i < SoundChannels.Length; i++)
        {
            byte[] damaged = [.. SoundChannels];
            damaged[i] ^= 0x41;
            ((Action)(() => ChannelStatistics.Load(new MemoryStream(damaged)))).Should()
                .Throw<InvalidDataException>($"byte {i} was changed");
        }
    }

    [Fact]
    public void Every_truncation_is_noticed()
    {
        for (int length = 0; length < Sound.Length; length++)
        {
            ShouldBeRefused(Sound[..length], $"only {length} bytes are left");
        }

        for (int length = 0; length < SoundChannels.Length; length++)
        {
            ((Action)(() => ChannelStatistics.Load(new MemoryStream(SoundChannels[..length])))).Should()
                .Throw<InvalidDataException>($"only {length} bytes are left");
        }
    }

    [Fact]
    public void Loading_takes_its_own_bytes_and_no_more()
    {
        using MemoryStream stream = new([.. Sound, .. SoundChannels, 42]);

        TensorStatistics.Load(stream).ToBytes().Should().Equal(Sound);
        ChannelStatistics.Load(stream).ShouldHaveTheContentOf(Channels());

        stream.ReadByte().Should().Be(42);
    }

    /// <summary>The layout is a promise to files that exist: these bytes were written down by hand.</summary>
    [Fact]
    public void The_bytes_are_those_of_version_1()
    {
        byte[] payload = new byte[48 + 8 * (16 + 4)];
        "QSTA"u8.CopyTo(payload);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(4), 1);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(8), 16);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(12), 0);
        BinaryPrimitives.WriteInt64LittleEndian(payload.AsSpan(16), 1);
        BinaryPrimitives.WriteSingleLittleEndian(payload.AsSpan(32), -3);
        BinaryPrimitives.WriteSingleLittleEndian(payload.AsSpan(36), 15.5f);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(40), 16);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(44), 4);
        foreach (int bin in new[] { 1, 2, 15, 16 + 3 })
        {
            BinaryPrimitives.WriteInt64LittleEndian(payload.AsSpan(48 + 8 * bin), 1);
        }

        Sound.Should().Equal([.. payload, .. SHA256.HashData(payload)]);
    }

    [Theory]
    [InlineData(4, 2, "version 2")]
    [InlineData(8, 17, "of 17 bins")]
    [InlineData(8, 1 << 30, "of 1073741824 bins")]
    [InlineData(8, 0, "of 0 bins")]
    [InlineData(12, 1, "width 2^1 do not fit")]
    [InlineData(20, -1, "a count is")]
    [InlineData(28, -1, "a count is")]
    [InlineData(40, 17, "claim 17")]
    [InlineData(40, int.MaxValue, "claim 2147483647")]
    [InlineData(44, -1, "claim 16 and -1")]
    [InlineData(52, -1, "a count is")]
    public void A_field_that_lies_under_a_sound_checksum_is_refused(int offset, int value, string message)
    {
        byte[] hostile = [.. Sound];
        BinaryPrimitives.WriteInt32LittleEndian(hostile.AsSpan(offset), value);
        Seal(hostile);

        ShouldBeRefused(hostile, message).Message.Should().Contain(message);
    }

    [Theory]
    [InlineData(32, float.NaN)]
    [InlineData(32, float.NegativeInfinity)]
    [InlineData(32, 16f)]
    [InlineData(32, -0f)]
    [InlineData(32, -2f)]
    [InlineData(36, float.PositiveInfinity)]
    [InlineData(36, 14f)]
    [InlineData(36, 16f)]
    [InlineData(36, -4f)]
    public void A_bound_that_contradicts_the_bins_is_refused(int offset, float bound)
    {
        byte[] hostile = [.. Sound];
        BinaryPrimitives.WriteSingleLittleEndian(hostile.AsSpan(offset), bound);
        Seal(hostile);

        ShouldBeRefused(hostile, $"a bound is {bound}");
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(-1f)]
    public void A_bound_of_0_where_no_zero_was_counted_is_refused(float sign)
    {
        byte[] hostile = PlainHistogram.Observed(16, [0, sign, sign * 15.5f]).ToBytes();
        BinaryPrimitives.WriteInt64LittleEndian(hostile.AsSpan(16), 0);
        Seal(hostile);

        ShouldBeRefused(hostile, "no zero was counted").Message.Should().Contain("a bound is 0 but no zero was seen");
    }

    [Fact]
    public void A_number_of_bins_that_the_stream_does_not_hold_allocates_no_more_than_it_does()
    {
        byte[] hostile = new byte[90];
        Sound.AsSpan(0, 48).CopyTo(hostile);
        foreach (int offset in new[] { 8, 40, 44 })
        {
            BinaryPrimitives.WriteInt32LittleEndian(hostile.AsSpan(offset), 65536);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        ShouldBeRefused(hostile, "the counts are missing").Message.Should().Contain("truncated");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(200_000, "a megabyte was claimed");
    }

    /// <summary>
    /// Channels that have seen nothing, or only the smallest subnormal, take less than 100 bytes each in a file and a megabyte each in
    /// memory.
    /// </summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, float.Epsilon)]
    public void Many_channels_of_many_bins_with_next_to_nothing_in_them_are_refused_before_bins_are_made(int count, float value)
    {
        byte[] channel = PlainHistogram.Observed(65536, Enumerable.Repeat(value, count).ToArray()).ToBytes();
        byte[] header = [.. SoundChannels.AsSpan(0, 16)];
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), 2000);
        byte[] hostile = [.. header, .. SHA256.HashData(header), .. Enumerable.Repeat(channel, 2000).SelectMany(bytes => bytes)];

        long before = GC.GetAllocatedBytesForCurrentThread();
        ((Action)(() => ChannelStatistics.Load(new MemoryStream(hostile)))).Should()
            .Throw<InvalidDataException>().WithMessage($"*2000 channels of 65536 bins per sign, but hold only {2000 * 2 * count} counts*");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(20_000_000, "2 GB were claimed");
    }

    [Fact]
    public void Dead_channels_beside_living_ones_load()
    {
        ChannelStatistics statistics = new(100, 1, 65536);
        float[] values = new float[300];
        values[150] = 1;
        statistics.Observe(new ReadOnlyTensorSpan<float>(values, [3, 100]));
        for (int i = 10; i < 20; i++)
        {
            values[i] = i;
        }

        statistics.Observe(new ReadOnlyTensorSpan<float>(values, [3, 100]));

        ChannelStatistics.Load(new MemoryStream(Bytes(statistics))).ShouldHaveTheContentOf(statistics);
    }

    [Fact]
    public void Empty_bins_beyond_the_last_used_are_refused()
    {
        byte[] hostile = [.. Sound];
        hostile.AsSpan(48 + 8 * 15, 8).Clear();
        Seal(hostile);

        ShouldBeRefused(hostile, "equal statistics have equal bytes").Message.Should().Contain("list empty bins");
    }

    [Fact]
    public void A_number_of_channels_that_lies_ends_with_the_file()
    {
        byte[] hostile = [.. SoundChannels];
        BinaryPrimitives.WriteInt32LittleEndian(hostile.AsSpan(8), int.MaxValue);
        SHA256.HashData(hostile.AsSpan(0, 16), hostile.AsSpan(16, 32));
        long before = GC.GetAllocatedBytesForCurrentThread();

        ((Action)(() => ChannelStatistics.Load(new MemoryStream(hostile)))).Should()
            .Throw<InvalidDataException>().WithMessage("*truncated*");

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1_000_000);
    }

    /// <summary>A network stream does not tell its length, and gives a few bytes at a time.</summary>
    [Fact]
    public void A_stream_that_cannot_seek_is_read_the_same_and_believed_no_more()
    {
        TensorStatistics.Load(new TricklingStream(Sound)).ToBytes().Should().Equal(Sound);
        Bytes(ChannelStatistics.Load(new TricklingStream(SoundChannels))).Should().Equal(SoundChannels);

        byte[] bins = new byte[90];
        Sound.AsSpan(0, 48).CopyTo(bins);
        foreach (int offset in (int[])[8, 40, 44])
        {
            BinaryPrimitives.WriteInt32LittleEndian(bins.AsSpan(offset), 65536);
        }

        byte[] channels = [.. SoundChannels];
        BinaryPrimitives.WriteInt32LittleEndian(channels.AsSpan(8), int.MaxValue);
        SHA256.HashData(channels.AsSpan(0, 16), channels.AsSpan(16, 32));
        long before = GC.GetAllocatedBytesForCurrentThread();

        ((Action)(() => TensorStatistics.Load(new TricklingStream(bins)))).Should().Throw<InvalidDataException>()
            .WithMessage("*truncated*");
        ((Action)(() => ChannelStatistics.Load(new TricklingStream(channels)))).Should().Throw<InvalidDataException>()
            .WithMessage("*truncated*");

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1_000_000);
    }

    [Fact]
    public void Statistics_that_saw_nothing_or_only_zeros_are_saved_too()
    {
        foreach (TensorStatistics statistics
            in new[] { new TensorStatistics(), PlainHistogram.Observed(16, [0, 0]), PlainHistogram.Observed(16, [float.Epsilon]) })
        {
            TensorStatistics.Load(new MemoryStream(statistics.ToBytes())).ShouldHaveTheContentOf(statistics);
        }
    }

    [Fact]
    public void Statistics_are_read_from_the_part_of_a_buffer_that_holds_them()
    {
        byte[] buffer = [1, 2, 3, .. Sound, 4];
        byte[] channelBuffer = [5, .. SoundChannels, 6];

        TensorStatistics.Load(buffer.AsSpan(3, Sound.Length)).ToBytes().Should().Equal(Sound);
        Bytes(ChannelStatistics.Load(channelBuffer.AsSpan(1, SoundChannels.Length))).Should().Equal(SoundChannels);

        Refused(
            () => TensorStatistics.Load(buffer.AsSpan(3)),
            $"The tensor statistics end 1 bytes before the span does; pass their {Sound.Length} bytes alone.");
        Refused(() => TensorStatistics.Load(buffer.AsSpan(3, Sound.Length - 1)), "The tensor statistics are truncated.");
        Refused(() => TensorStatistics.Load([]), "The tensor statistics are truncated.");
        Refused(
            () => ChannelStatistics.Load(channelBuffer.AsSpan(1)),
            $"The channel statistics end 1 bytes before the span does; pass their {SoundChannels.Length} bytes alone.");
        Refused(() => ChannelStatistics.Load([]), "The channel statistics are truncated.");

        static void Refused(Action act, string message) => act.Should().Throw<InvalidDataException>().Which.Message.Should().Be(message);
    }

    private static ChannelStatistics Channels()
    {
        ChannelStatistics statistics = new(2, -1, 16);
        statistics.Observe(new System.Numerics.Tensors.ReadOnlyTensorSpan<float>([1f, -2, 3, 40], [2, 2]));
        return statistics;
    }

    private static byte[] Bytes(ChannelStatistics statistics)
    {
        using MemoryStream stream = new();
        statistics.Save(stream);
        return stream.ToArray();
    }

    private static void Seal(byte[] bytes) => SHA256.HashData(bytes.AsSpan(..^32), bytes.AsSpan(^32..));

    private static InvalidDataException ShouldBeRefused(byte[] bytes, string because)
    {
        Action act = () => TensorStatistics.Load(new MemoryStream(bytes));
        return act.Should().Throw<InvalidDataException>(because).Which;
    }
}
