using System.Globalization;

namespace Quantization.Tests.Calibration;

/// <summary>What cannot be searched is said, not hidden.</summary>
public sealed class DegenerateCalibrationTests
{
    private static readonly ICalibrator[] All =
        [new MaxCalibrator(), new PercentileCalibrator(99), new EntropyCalibrator(), new MseCalibrator()];

    [Theory]
    [InlineData(QuantizationScheme.Affine)]
    [InlineData(QuantizationScheme.Symmetric)]
    public void All_zeros_give_the_range_0_and_a_note(QuantizationScheme scheme)
    {
        foreach (ICalibrator calibrator in All)
        {
            CalibrationResult result = calibrator.Calibrate(Observed([0, 0, -0f]), CodeFormat.Int8, scheme);

            result.Range.Should().Be(default(ValueRange), calibrator.Name);
            result.Candidates.Should().Be(1);
            result.ClippedShare.Should().Be(0);
            result.Note.Should().Contain("Every observed value is 0");
        }
    }

    [Theory]
    [InlineData(2.5f, 0f, 2.5f)]
    [InlineData(-2.5f, -2.5f, 0f)]
    public void A_constant_gives_the_range_that_reaches_it_and_a_note(float constant, float min, float max)
    {
        foreach (ICalibrator calibrator in All)
        {
            CalibrationResult result = calibrator.Calibrate(Observed([constant, constant]), CodeFormat.UInt8, QuantizationScheme.Affine);

            result.Range.Should().Be(new ValueRange(min, max), calibrator.Name);
            result.Note.Should().Contain("Every observed value is " + constant.ToString("R", CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void Values_that_fill_no_more_bins_than_levels_leave_one_candidate()
    {
        TensorStatistics statistics = new(64);
        statistics.Observe([.. Enumerable.Range(1, 500).Select(i => i / 10f)]);

        CalibrationResult result = new EntropyCalibrator().Calibrate(statistics, CodeFormat.Int8, QuantizationScheme.Symmetric);

        result.Range.Should().Be(ValueRange.Symmetric(50));
        result.Candidates.Should().Be(1);
        result.Note.Should().Contain("One candidate").And.Contain("51 bins").And.Contain("128 levels");
    }

    [Theory]
    [InlineData(100, 155, true)]
    [InlineData(100, 156, true)]
    [InlineData(100, 157, false)]
    [InlineData(101, 156, false)]
    public void Values_of_both_signs_leave_one_candidate_until_they_fill_more_bins_than_levels(int below, int above, bool one)
    {
        // Bins of width 1 with a value each and many beside 0, so that it pays to clip the ends.
        double[] edges = [.. Enumerable.Range(-below, below + above + 1).Select(edge => (double)edge)];
        long[] counts = [.. Enumerable.Repeat(1L, below + above)];
        counts[below] = 10_000;
        ValueRange all = new(0.5f - below, above - 0.5f);
        TensorStatistics statistics = TensorStatistics.FromHistogram(edges, counts, range: all, binsPerSign: 256);

        CalibrationResult result = new EntropyCalibrator().Calibrate(statistics, CodeFormat.UInt8, QuantizationScheme.Affine);

        if (one)
        {
            result.Range.Should().Be(all);
            result.Candidates.Should().Be(1);
            result.Loss.Should().Be(0);
            result.Note.Should().Contain("One candidate").And.Contain($"{below + above} bins").And.Contain("256 levels");
        }
        else
        {
            result.Candidates.Should().BeGreaterThan(1);
            result.Note.Should().BeNull();
        }
    }

    [Fact]
    public void Negative_values_that_unsigned_symmetric_codes_cannot_reach_are_said()
    {
        TensorStatistics statistics = Observed([-1, 1, 2, 3]);
        foreach (ICalibrator calibrator in All)
        {
            CalibrationResult result = calibrator.Calibrate(statistics, CodeFormat.UInt8, QuantizationScheme.Symmetric);

            result.Range.Min.Should().Be(0, calibrator.Name);
            result.ClippedShare.Should().BeGreaterThanOrEqualTo(0.25);
            result.Note.Should().Contain("25.00 % of the values are negative");
        }
    }

    [Fact]
    public void Only_negative_values_leave_nothing_for_unsigned_symmetric_codes()
    {
        foreach (ICalibrator calibrator in All)
        {
            CalibrationResult result = calibrator.Calibrate(Observed([-1, -2]), CodeFormat.UInt8, QuantizationScheme.Symmetric);

            result.Range.Should().Be(default(ValueRange), calibrator.Name);
            result.ClippedShare.Should().Be(1);
            result.Candidates.Should().Be(1, calibrator.Name);
        }
    }

    [Fact]
    public void Entropy_refuses_more_than_8_bits_and_names_the_way_out()
    {
        Action act = () => new EntropyCalibrator().Calibrate(Observed([1, 2]), CodeFormat.Int16, QuantizationScheme.Affine);

        act.Should().Throw<ArgumentException>().WithMessage("*2 to 8 bits*Int16*65536 codes*MSE*").Which.ParamName.Should().Be("format");
    }

    [Fact]
    public void Symmetric_codes_must_reach_above_0()
    {
        foreach (ICalibrator calibrator in All)
        {
            Action act = () => calibrator.Calibrate(Observed([1, 2]), new CodeFormat(CodeType.Int8, -5, 0), QuantizationScheme.Symmetric);

            act.Should().Throw<ArgumentException>().Which.ParamName.Should().Be("format");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(100.5)]
    [InlineData(double.NaN)]
    public void A_percentage_lies_above_0_and_at_most_at_100(double percentage)
    {
        Action act = () => _ = new PercentileCalibrator(percentage);

        act.Should().Throw<ArgumentOutOfRangeException>().WithMessage("*99.99*");
    }

    [Fact]
    public void Sixteen_bits_clip_nothing_by_mse_where_no_outlier_asks_for_it()
    {
        TensorStatistics statistics = Observed([.. Enumerable.Range(0, 10_000).Select(i => MathF.Sin(i))]);

        new MseCalibrator().Calibrate(statistics, CodeFormat.Int16, QuantizationScheme.Symmetric).Range.Max.Should()
            .Be(statistics.MaxMagnitude);
    }

    [Fact]
    public void Extremes_of_float_are_calibrated_too()
    {
        foreach (float unit in new[] { float.Epsilon, 1e-38f, float.MaxValue / 8 })
        {
            TensorStatistics statistics = Observed([.. Enumerable.Range(-7, 15).Select(i => i * unit)]);
            foreach (ICalibrator calibrator in All)
            {
                foreach (QuantizationScheme scheme in Enum.GetValues<QuantizationScheme>())
                {
                    ValueRange range = calibrator.Calibrate(statistics, CodeFormat.Int4, scheme).Range;

                    range.Min.Should().BeInRange(statistics.Min, 0, calibrator.Name);
                    range.Max.Should().BeInRange(0, statistics.Max, calibrator.Name);
                }
            }
        }
    }

    private static TensorStatistics Observed(float[] values)
    {
        TensorStatistics statistics = new();
        statistics.Observe(values);
        return statistics;
    }
}
