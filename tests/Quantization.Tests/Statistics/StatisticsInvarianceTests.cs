using CsCheck;

namespace Quantization.Tests.Statistics;

/// <summary>The same values in any order, batch size, split or merge give the same state and the same bytes.</summary>
public sealed class StatisticsInvarianceTests
{
    private static readonly Gen<int> BinCounts = Gen.Int[4, 13].Select(log => 1 << log);

    /// <summary>Any finite bits, so all exponents and subnormals; values of one magnitude; zeros of both signs.</summary>
    private static readonly Gen<float> Values = Gen.OneOf(
        Gen.UInt.Select(BitConverter.UInt32BitsToSingle).Where(float.IsFinite),
        Gen.Float[-1, 1],
        Gen.Int[-1000, 1000].Select(i => i * float.Epsilon),
        Gen.Int[0, 7].Select(i => new[] { 0f, -0f, 1f, -1f, float.MaxValue, float.MinValue, float.Epsilon, 1.17549435E-38f }[i]));

    private static readonly Gen<float[]> Batches = Gen.OneOf(
        Values.Array[0, 200], Gen.Float[-3, 3].Array[0, 200], Gen.Int[-300, 300].Select(i => i * float.Epsilon).Array[0, 50]);

    [Fact]
    public void Observing_gives_what_the_definition_says() =>
        Gen.Select(Batches, BinCounts).Sample((values, bins) => PlainHistogram.Observed(bins, values).ShouldDescribe(values), iter: 500);

    [Fact]
    public void Any_order_and_split_gives_the_same_bytes() =>
        Gen.Select(Batches, BinCounts, Gen.Int[1, 50], Gen.Int).Sample((values, bins, size, seed) =>
        {
            float[] shuffled = [.. values];
            new Random(seed).Shuffle(shuffled);

            TensorStatistics whole = PlainHistogram.Observed(bins, values);
            TensorStatistics pieces = PlainHistogram.Observed(bins, [.. shuffled.Chunk(size)]);

            pieces.ShouldHaveTheContentOf(whole);
            pieces.ToBytes().Should().Equal(whole.ToBytes());
        }, iter: 300);

    [Fact]
    public void Any_tree_of_merges_gives_the_same_bytes() =>
        Gen.Select(Batches.Array[1, 8], BinCounts, Gen.Int).Sample((batches, bins, seed) =>
        {
            Random random = new(seed);
            TensorStatistics whole = PlainHistogram.Observed(bins, batches);
            List<TensorStatistics> shards = [.. batches.Select(batch => PlainHistogram.Observed(bins, batch))];
            while (shards.Count > 1)
            {
                TensorStatistics taken = shards[random.Next(shards.Count)];
                shards.Remove(taken);
                shards[random.Next(shards.Count)].Merge(taken);
            }

            shards[0].ToBytes().Should().Equal(whole.ToBytes());
        }, iter: 300);

    [Fact]
    public void Coarser_bins_are_what_coarser_statistics_would_have_seen() =>
        Gen.Select(Batches, Gen.Int[4, 10], Gen.Int[0, 4]).Sample((values, log, finer) =>
            PlainHistogram.Observed(1 << (log + finer), values).Coarsen(1 << log)
                .ShouldHaveTheContentOf(PlainHistogram.Observed(1 << log, values)), iter: 300);

    [Fact]
    public void Saved_and_loaded_statistics_go_on_as_if_nothing_had_happened() =>
        Gen.Select(Batches, Batches, BinCounts).Sample((first, second, bins) =>
        {
            TensorStatistics whole = PlainHistogram.Observed(bins, first, second);
            TensorStatistics resumed = TensorStatistics.Load(new MemoryStream(PlainHistogram.Observed(bins, first).ToBytes()));

            resumed.Observe(second);

            resumed.ShouldHaveTheContentOf(whole);
        }, iter: 300);

    [Theory]
    [InlineData(1e-45f)]
    [InlineData(3e-39f)]
    [InlineData(1f)]
    [InlineData(1e18f)]
    public void Ranges_that_grow_by_2_to_the_60_in_millions_of_values_do_not_depend_on_order(float unit)
    {
        // Four shards, each 2^20 times the range of the one before, of a million values in all.
        Random random = new(7);
        float[][] shards = [.. Enumerable.Range(0, 4).Select(shard => Enumerable.Range(0, 250_000)
            .Select(_ => (float)((random.NextDouble() - 0.3) * unit * Math.Pow(2, 20 * shard))).ToArray())];
        float[] all = [.. shards.SelectMany(shard => shard)];
        TensorStatistics ascending = PlainHistogram.Observed(4096, shards);
        TensorStatistics descending = PlainHistogram.Observed(4096, [.. shards.Reverse()]);
        TensorStatistics merged = PlainHistogram.Observed(4096, shards[2]);
        merged.Merge(PlainHistogram.Observed(4096, shards[0]));
        merged.Merge(PlainHistogram.Observed(4096, shards[3], shards[1]));

        ascending.ShouldDescribe(all);
        descending.ToBytes().Should().Equal(ascending.ToBytes());
        merged.ToBytes().Should().Equal(ascending.ToBytes());
    }

    [Fact]
    public void Every_length_and_alignment_counts_every_value_once()
    {
        float[] values = [.. Enumerable.Range(0, 5000).Select(i => i % 5 == 0 ? 0f : MathF.Sin(i) * i)];
        for (int length = 0; length <= 70; length++)
        {
            for (int start = 0; start < 20; start++)
            {
                float[] slice = values[start..(start + length)];
                TensorStatistics statistics = new(64);
                statistics.Observe(values.AsSpan(start, length));
                statistics.ShouldDescribe(slice);
            }
        }

        foreach (int length in new[] { 2047, 2048, 2049, 4096, 4999 })
        {
            PlainHistogram.Observed(4096, values[..length]).ShouldDescribe(values[..length]);
        }
    }

    /// <summary>Long spans are counted in one pass, in which the range grows on the way; short ones are scanned first.</summary>
    [Theory]
    [InlineData(16, 2048)]
    [InlineData(16, 7000)]
    [InlineData(1024, 9999)]
    [InlineData(4096, 32_832)]
    [InlineData(4096, 60_001)]
    [InlineData(8192, 60_001)]
    public void A_long_span_gives_the_same_bytes_as_its_values_in_short_ones(int bins, int length)
    {
        Random random = new(length);
        foreach (int growth in new[] { 0, 1, 4, -3 })
        {
            // Among runs of zeros, magnitudes that grow or shrink by 2^growth every 2,000 values.
            float[] values = [.. Enumerable.Range(0, length)
                .Select(i => i / 50 % 4 == 0 ? -0f : MathF.ScaleB((float)random.NextDouble() - 0.3f, growth * (i / 2000)))];

            TensorStatistics whole = PlainHistogram.Observed(bins, values);

            whole.ShouldDescribe(values);
            whole.ToBytes().Should().Equal(PlainHistogram.Observed(bins, [.. values.Chunk(150)]).ToBytes());
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    [InlineData(39_999)]
    public void A_long_span_that_is_refused_leaves_no_trace(int index)
    {
        TensorStatistics statistics = PlainHistogram.Observed(4096, [1, -2]);
        TensorStatistics before = statistics.Clone();
        float[] values = [.. Enumerable.Range(0, 40_000).Select(i => MathF.Sin(i) * i)];
        float[] finite = [.. values.Where((_, i) => i != index)];
        values[index] = float.NegativeInfinity;

        NonFiniteValueException error = ((Action)(() => statistics.Observe(values))).Should().Throw<NonFiniteValueException>().Which;

        error.Index.Should().Be(index);
        statistics.ShouldHaveTheContentOf(before);
        statistics.Observe(values, NonFiniteValues.Ignore);
        before.Observe(finite);
        statistics.PositiveBins.SequenceEqual(before.PositiveBins).Should().BeTrue();
        statistics.NegativeBins.SequenceEqual(before.NegativeBins).Should().BeTrue();
        statistics.ZeroCount.Should().Be(before.ZeroCount);
        statistics.NonFiniteCount.Should().Be(1);
    }

    [Fact]
    public void Counts_beyond_32_bits_stay_exact()
    {
        TensorStatistics statistics = PlainHistogram.Observed(4096, [0, 1, 1, -2]);
        for (int i = 0; i < 40; i++)
        {
            statistics.Merge(statistics.Clone());
        }

        statistics.Observe([1]);

        const long factor = 1L << 40;
        statistics.Count.Should().Be(4 * factor + 1);
        statistics.ZeroCount.Should().Be(factor);
        statistics.PositiveBins[1024].Should().Be(2 * factor + 1);
        statistics.NegativeBins[2048].Should().Be(factor);
        TensorStatistics.Load(new MemoryStream(statistics.ToBytes())).ShouldHaveTheContentOf(statistics);
    }

    [Fact]
    public void Statistics_merge_with_themselves()
    {
        TensorStatistics statistics = PlainHistogram.Observed(4096, [0, 1, -2]);

        statistics.Merge(statistics);

        statistics.ShouldHaveTheContentOf(PlainHistogram.Observed(4096, [0, 1, -2, 0, 1, -2]));
    }

    [Fact]
    public void A_count_beyond_64_bits_is_refused_and_leaves_the_statistics_as_they_were()
    {
        TensorStatistics statistics = PlainHistogram.Observed(4096, [1, -2, 3]);
        while (statistics.Count <= long.MaxValue / 2)
        {
            statistics.Merge(statistics.Clone());
        }

        TensorStatistics before = statistics.Clone();

        ((Action)(() => statistics.Merge(before))).Should().Throw<OverflowException>().WithMessage($"*{before.Count}*");
        statistics.ShouldHaveTheContentOf(before);
    }

    [Fact]
    public void Observing_allocates_nothing()
    {
        TensorStatistics statistics = new();
        float[] values = [.. Enumerable.Range(0, 10_000).Select(i => MathF.Sin(i))];
        values[77] = float.NaN;
        statistics.Observe(values, NonFiniteValues.Ignore);
        long before = GC.GetAllocatedBytesForCurrentThread();

        statistics.Observe(values.AsSpan(100));
        statistics.Observe(values, NonFiniteValues.Ignore);

        GC.GetAllocatedBytesForCurrentThread().Should().Be(before);
    }
}
