namespace Quantization.Onnx.Tests.Scoring;

public sealed class ShareIntervalTests
{
    /// <summary>Newcombe (1998), Statistics in Medicine 17, table I, method 3.</summary>
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void A_share_has_the_published_interval(int found, int samples, double low, double high)
    {
        ShareInterval interval = ShareInterval.Of((double)found / samples, samples);

        interval.Low.Should().BeApproximately(low, 5e-5);
        interval.High.Should().BeApproximately(high, 5e-5);
    }

    [Fact]
    public void The_interval_of_a_loss_holds_the_true_loss_in_about_95_of_100_draws()
    {
        Random random = new(7);
        int inside = 0;
        const int Draws = 2000, Samples = 300;
        for (int draw = 0; draw < Draws; draw++)
        {
            // Of 100 samples, 4 are lost, 2 are won, and 94 are answered alike: a loss of 0.02.
            int lost = 0, won = 0;
            for (int i = 0; i < Samples; i++)
            {
                double chance = random.NextDouble();
                lost += chance < 0.04 ? 1 : 0;
                won += chance is >= 0.04 and < 0.06 ? 1 : 0;
            }

            ShareInterval interval = ShareInterval.OfLoss((double)(lost - won) / Samples, 1 - ((double)(lost + won) / Samples), Samples);
            inside += interval.Low <= 0.02 && 0.02 <= interval.High ? 1 : 0;
        }

        ((double)inside / Draws).Should().BeInRange(0.93, 0.98);
    }

    [Fact]
    public void Models_that_agree_everywhere_leave_less_room_on_more_samples()
    {
        ShareInterval few = ShareInterval.OfLoss(0, 1, 30), many = ShareInterval.OfLoss(0, 1, 3000);

        few.High.Should().BeGreaterThan(0.05);
        many.High.Should().BeLessThan(0.001);
        ShareInterval.OfLoss(0, null, 30).High.Should().BeGreaterThan(few.High, "without the agreement nothing bounds what chance can do");
    }
}
