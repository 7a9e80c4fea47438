namespace Quantization.Tests.Calibration;

/// <summary>Max and Percentile, whose answers can be read off.</summary>
public sealed class RangeCalibratorTests
{
    [Theory]
    [InlineData(QuantizationScheme.Affine, true, -2f, 5f)]
    [InlineData(QuantizationScheme.Symmetric, true, -5f, 5f)]
    [InlineData(QuantizationScheme.Symmetric, false, 0f, 5f)]
    public void Max_takes_all_that_was_observed(QuantizationScheme scheme, bool signed, float min, float max)
    {
        TensorStatistics statistics = Observed([-2, 0, 1, 5]);

        CalibrationResult result = new MaxCalibrator().Calibrate(statistics, signed ? CodeFormat.Int8 : CodeFormat.UInt8, scheme);

        result.Range.Should().Be(new ValueRange(min, max));
    }

    [Fact]
    public void An_affine_range_always_contains_0()
    {
        new MaxCalibrator().Calibrate(Observed([2, 3]), CodeFormat.UInt8, QuantizationScheme.Affine).Range.Should()
            .Be(new ValueRange(0, 3));
        new MaxCalibrator().Calibrate(Observed([-2, -3]), CodeFormat.UInt8, QuantizationScheme.Affine).Range.Should()
            .Be(new ValueRange(-3, 0));
    }

    [Fact]
    public void A_percentile_clips_exactly_the_values_beyond_it()
    {
        // 10,000 values in bins of their own, so the share can be met exactly.
        TensorStatistics statistics = new(16384);
        statistics.Observe(Enumerable.Range(0, 10_000).Select(i => i + 0.5f).ToArray());

        CalibrationResult result = new PercentileCalibrator(99.99).Calibrate(statistics, CodeFormat.UInt8, QuantizationScheme.Affine);

        result.Range.Should().Be(new ValueRange(0, 9999));
        result.ClippedShare.Should().Be(0.0001);
    }

    [Fact]
    public void A_percentile_of_both_signs_clips_half_of_it_at_each_end()
    {
        // 20,000 values in bins of their own, 1/16 wide, so that 0.1 % is 10 values at each end.
        TensorStatistics statistics = new(16384);
        statistics.Observe(Enumerable.Range(0, 10_000).SelectMany(i => (float[])[(i + 0.5f) / 16, -(i + 0.5f) / 16]).ToArray());

        CalibrationResult result = new PercentileCalibrator(99.9).Calibrate(statistics, CodeFormat.UInt8, QuantizationScheme.Affine);

        statistics.BinWidth.Should().Be(1 / 16.0);
        result.Range.Should().Be(new ValueRange(-9990 / 16f, 9990 / 16f));
        result.ClippedShare.Should().Be(0.001);
        result.Candidates.Should().Be(1, "the share leaves no choice");
    }

    [Fact]
    public void Every_calibrator_refuses_statistics_that_saw_nothing()
    {
        foreach (ICalibrator calibrator
            in new ICalibrator[] { new MaxCalibrator(), new PercentileCalibrator(), new MseCalibrator(), new EntropyCalibrator() })
        {
            Action act = () => calibrator.Calibrate(new TensorStatistics(), CodeFormat.Int8, QuantizationScheme.Affine);

            act.Should().Throw<InvalidOperationException>().WithMessage("*No value was observed*");
        }
    }

    private static TensorStatistics Observed(float[] values)
    {
        TensorStatistics statistics = new();
        statistics.Observe(values);
        return statistics;
    }
}
