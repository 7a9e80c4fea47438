namespace Quantization.Onnx.Tests.Refining;

/// <summary>Some samples are kept of however many, the same ones each time.</summary>
public sealed class SampleKeeperTests
{
    [Theory]
    [InlineData(0, 3, 0)]
    [InlineData(5, 3, 3)]
    [InlineData(36, 36, 36)]
    [InlineData(36, 20, 20)]
    [InlineData(36, 1000, 36)]
    public void No_more_than_wanted_are_kept_in_their_order(int most, int count, int kept)
    {
        SampleList samples = RandomTensors.Samples(count, 2);

        IReadOnlyList<ModelSample> found = SampleKeeper.Read(samples, most, CancellationToken.None);

        found.Should().HaveCount(kept).And.OnlyHaveUniqueItems();
        int[] places = [.. found.Select(sample => samples.ToList().IndexOf(sample))];
        places.Should().BeInAscendingOrder().And.NotContain(-1);
        SampleKeeper.Read(samples, most, CancellationToken.None).Should().Equal(found);
    }

    [Fact]
    public void Late_samples_have_the_chance_of_early_ones()
    {
        List<ModelSample> samples = [.. RandomTensors.Samples(1000, 2)];

        double mean = SampleKeeper.Read(new SampleList([.. samples]), 36, CancellationToken.None).Average(samples.IndexOf);

        // The mean of 36 places of 1,000 has a standard deviation of 48.
        mean.Should().BeInRange(500 - 3 * 48, 500 + 3 * 48);
    }

    [Fact]
    public void Large_samples_are_fewer()
    {
        SampleList samples = RandomTensors.Samples(7, 1, 4 << 20); // 16 MiB each

        SampleKeeper.Read(samples, 36, CancellationToken.None).Should().HaveCount(4);
    }

    [Fact]
    public void One_sample_is_kept_however_large() =>
        SampleKeeper.Read(RandomTensors.Samples(2, 1, 17 << 20), 36, CancellationToken.None).Should().HaveCount(1);
}
