namespace Quantization.Onnx.Tests.Search;

/// <summary>What is chance and what is not.</summary>
public sealed class PairedTestTests
{
    [Theory]
    [InlineData(1, 12.706)]
    [InlineData(2, 4.303)]
    [InlineData(3, 3.182)]
    [InlineData(5, 2.571)]
    [InlineData(10, 2.228)]
    [InlineData(30, 2.042)]
    [InlineData(120, 1.980)]
    public void Quantiles_of_Student_are_those_of_published_tables(int freedom, double published) =>
        PairedTest.Quantile(freedom).Should().BeApproximately(published, 0.006);

    [Theory]
    [InlineData(5, 0, 1.0 / 32)]
    [InlineData(10, 2, 56.0 / 1024)]
    [InlineData(4, 4, 1)]
    public void Tails_of_coins_are_counted(int throws, int heads, double share) =>
        PairedTest.BinomialTail(throws, heads).Should().BeApproximately(share, 1e-12);

    [Fact]
    public void Five_samples_of_five_are_chance_and_six_of_six_are_not()
    {
        float[] right = [1, 1, 1, 1, 1, 1, 0, 1], fiveWrong = [0, 0, 0, 0, 0, 1, 0, 1], sixWrong = [0, 0, 0, 0, 0, 0, 0, 1];

        PairedTest.IsMoreOften(right, fiveWrong).Should().BeFalse("2 / 2⁵ is more than 0.05");
        PairedTest.IsMoreOften(right, sixWrong).Should().BeTrue("2 / 2⁶ is less than 0.05");
        PairedTest.IsMoreOften(sixWrong, right).Should().BeFalse();
    }

    [Fact]
    public void What_all_samples_share_falls_out()
    {
        // Differences 1, 2, 3: mean 2, standard error 1/√3, quantile 4.303. The figures themselves spread over thousands.
        float[] first = [1000, -2000, 3000], second = [1001, -1998, 3003], further = [1001, -1998, 3009];

        PairedTest.IsLower(first, second).Should().BeFalse("2 < 4.303 / √3 = 2.48");
        PairedTest.IsLower(first, [1002, -1997, 3004]).Should().BeTrue("3 > 2.48");
        PairedTest.IsLower([1002, -1997, 3004], first).Should().BeFalse();
        PairedTest.IsLower(first, further).Should().BeFalse();
        PairedTest.SamplesToTell(first, first).Should().BeNull();
        PairedTest.SamplesToTell(first, second).Should().Be((long)Math.Ceiling(3 * Math.Pow(1.959964 / Math.Sqrt(3) / 2, 2)));
    }
}
