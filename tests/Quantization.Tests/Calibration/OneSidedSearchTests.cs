namespace Quantization.Tests.Calibration;

/// <summary>The fast searches find the same bin as the literal ones on the same histogram.</summary>
public sealed class OneSidedSearchTests
{
    private static readonly CodeFormat[] Formats =
        [CodeFormat.Int8, CodeFormat.UInt8, CodeFormat.Signed(6), CodeFormat.Int4, CodeFormat.Unsigned(3), CodeFormat.Signed(2)];

    public static TheoryData<string, int> Histograms => Calibration.Histograms.All();

    [Theory]
    [MemberData(nameof(Histograms))]
    public void Entropy_keeps_as_many_bins_as_the_literal_search(string kind, int bins)
    {
        long[] histogram = Calibration.Histograms.Create(kind, bins);
        foreach (CodeFormat format in Formats)
        {
            CalibrationResult result = new EntropyCalibrator().Calibrate(histogram.ToStatistics(), format, QuantizationScheme.Symmetric);

            (int literal, double[] divergences) = LiteralSearch.Entropy(histogram, format.MaxCode + 1);
            int kept = LiteralSearch.LeastThatClipsCheaply(histogram, divergences, format.MaxCode + 1);
            result.Range.Max.Should().Be(Math.Min(kept, bins - 0.5f), $"of {format}");
            result.Loss.Should().BeApproximately(divergences[kept], 1e-9);
            (result.Note is not null).Should().Be(kept != literal);
            result.Candidates.Should().Be(
                Enumerable.Range(format.MaxCode + 1, bins - format.MaxCode)
                    .Count(each => !LiteralSearch.ClipsDearly(histogram, each, format.MaxCode + 1)), $"of {format}");
        }
    }

    [Fact]
    public void Most_literal_entropy_searches_are_kept()
    {
        int leftOut = 0;
        foreach ((string kind, int bins) in Histograms.Select(row => row.Data))
        {
            long[] histogram = Calibration.Histograms.Create(kind, bins);
            leftOut += LiteralSearch.ClipsDearly(histogram, LiteralSearch.Entropy(histogram, 128).Kept, 128) ? 1 : 0;
        }

        leftOut.Should().BeLessThanOrEqualTo(Histograms.Count / 10);
    }

    [Theory]
    [MemberData(nameof(Histograms))]
    public void Mse_ends_in_the_bin_of_the_literal_search(string kind, int bins)
    {
        long[] histogram = Calibration.Histograms.Create(kind, bins);
        foreach (CodeFormat format in Formats)
        {
            CalibrationResult result = new MseCalibrator().Calibrate(histogram.ToStatistics(), format, QuantizationScheme.Symmetric);

            // With fewer bins than levels, steps are narrower than bins and the literal error means nothing; the literal search starts at
            // 128 for that reason.
            int start = Math.Min(format.MaxCode, bins - 1);
            (int bin, double[] errors) = LiteralSearch.Mse(histogram, format.MaxCode, start);
            double least = errors[bin] / histogram.Sum();
            if (result.Range.Max > start)
            {
                result.Range.Max.Should().Be(bin + 0.5f, $"of {format}");
                result.Loss.Should().BeApproximately(least, 1e-9 * least);
            }
            else
            {
                result.Loss.Should().BeLessThan(least, $"of {format}, the search went on below bin {start}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Histograms))]
    public void Percentile_ends_at_the_upper_edge_of_the_literal_bin(string kind, int bins)
    {
        long[] histogram = Calibration.Histograms.Create(kind, bins);
        foreach (decimal percentage in new[] { 0.5m, 50, 90, 99, 99.9m, 99.99m, 99.999m, 100 })
        {
            CalibrationResult result = new PercentileCalibrator((double)percentage)
                .Calibrate(histogram.ToStatistics(), CodeFormat.UInt8, QuantizationScheme.Affine);

            int bin = LiteralSearch.Percentile(histogram, percentage);
            result.Range.Should().Be(new ValueRange(0, Math.Min(bin + 1, bins - 0.5f)));
            result.ClippedShare.Should()
                .BeLessThanOrEqualTo((double)(100 - percentage) / 100).And.Be((double)histogram[(bin + 1)..].Sum() / histogram.Sum());
        }
    }

    [Fact]
    public void Values_below_0_mirror_values_above()
    {
        float[] values = [.. Enumerable.Range(1, 20_000).Select(i => -MathF.Log(i / 20_001f))];
        TensorStatistics positive = Observed(values);
        TensorStatistics negative = Observed([.. values.Select(value => -value)]);
        foreach (ICalibrator calibrator
            in new ICalibrator[] { new MaxCalibrator(), new PercentileCalibrator(99), new EntropyCalibrator(), new MseCalibrator() })
        {
            ValueRange above = calibrator.Calibrate(positive, CodeFormat.UInt8, QuantizationScheme.Affine).Range;
            ValueRange below = calibrator.Calibrate(negative, CodeFormat.UInt8, QuantizationScheme.Affine).Range;

            below.Should().Be(new ValueRange(-above.Max, 0), calibrator.Name);
            calibrator.Calibrate(negative, CodeFormat.Int8, QuantizationScheme.Symmetric).Should()
                .Be(calibrator.Calibrate(positive, CodeFormat.Int8, QuantizationScheme.Symmetric));
        }
    }

    [Fact]
    public void Two_modes_far_from_zero_do_not_collapse_the_entropy_search()
    {
        Random random = new(1);
        float[] values = [.. Enumerable.Range(0, 200_000).Select(i => (i % 2 == 0 ? 1 : 6) + 0.15f * (float)Normal(random))];
        TensorStatistics statistics = Observed(values);
        long[] histogram = statistics.PositiveBins[..((int)(statistics.Max / statistics.BinWidth) + 1)].ToArray();
        float literal = (float)(LiteralSearch.Entropy(histogram, 128).Kept * statistics.BinWidth);

        CalibrationResult result = new EntropyCalibrator().Calibrate(statistics, CodeFormat.Int8, QuantizationScheme.Symmetric);

        literal.Should().BeLessThan(1, "the literal search is known to collapse here");
        result.Note.Should().Contain("left out");
        result.ClippedShare.Should().BeLessThan(0.01);
        Error(values, result.Range.Max).Should().BeLessThan(Error(values, literal) / 1000);
    }

    private static double Error(float[] values, float threshold)
    {
        double scale = threshold / 127;
        return values.Average(value => Math.Pow(Math.Clamp(Math.Round(value / scale), -127, 127) * scale - value, 2));
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static TensorStatistics Observed(float[] values)
    {
        TensorStatistics statistics = new();
        statistics.Observe(values);
        return statistics;
    }
}
