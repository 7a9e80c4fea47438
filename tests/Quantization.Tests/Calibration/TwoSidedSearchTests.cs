namespace Quantization.Tests.Calibration;

/// <summary>The affine searches against a loop over all windows of a small histogram, each window judged by definition.</summary>
public sealed class TwoSidedSearchTests
{
    private const int BinsPerSign = 64;

    public static TheoryData<int> Seeds => [1, 2, 3, 4, 5];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Entropy_finds_the_window_of_least_divergence(int seed)
    {
        TensorStatistics statistics = Create(seed, out double[] row, out int zero);
        foreach (CodeFormat format in new[] { CodeFormat.UInt4, CodeFormat.Signed(3), CodeFormat.Unsigned(2) })
        {
            double least = double.PositiveInfinity;
            for (int start = 0; start < zero; start++)
            {
                for (int end = zero + 1; end <= row.Length; end++)
                {
                    least = Math.Min(least, Divergence(row, start, end, (int)format.Levels));
                }
            }

            CalibrationResult result = new EntropyCalibrator().Calibrate(statistics, format, QuantizationScheme.Affine);

            result.Loss.Should().BeApproximately(least, 1e-12);
            int chosenStart = result.Range.Min == statistics.Min ? 0 : zero + (int)result.Range.Min;
            int chosenEnd = result.Range.Max == statistics.Max ? row.Length : zero + (int)result.Range.Max;
            Divergence(row, chosenStart, chosenEnd, (int)format.Levels).Should().BeApproximately(least, 1e-12);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Mse_finds_the_window_of_least_error(int seed)
    {
        TensorStatistics statistics = Create(seed, out double[] row, out int zero);
        foreach (CodeFormat format in new[] { CodeFormat.UInt4, CodeFormat.Signed(3), CodeFormat.Unsigned(2) })
        {
            double least = double.PositiveInfinity;
            for (int start = 0; start < zero; start++)
            {
                for (int end = zero + 1; end <= row.Length; end++)
                {
                    double low = start == 0 ? statistics.Min : start - zero + 0.5;
                    double high = end == row.Length ? statistics.Max : end - zero - 0.5;
                    least = Math.Min(least, Error(row, zero, low, high, format));
                }
            }

            CalibrationResult result = new MseCalibrator().Calibrate(statistics, format, QuantizationScheme.Affine);

            least /= statistics.Count;
            result.Loss.Should().BeApproximately(least, 1e-9 * least);
            (Error(row, zero, result.Range.Min, result.Range.Max, format) / statistics.Count).Should().BeApproximately(least, 1e-9 * least);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Percentile_gives_half_of_the_share_to_each_end(int seed)
    {
        TensorStatistics statistics = Create(seed, out double[] row, out int zero);
        foreach (double percentage in new[] { 50, 90, 99, 99.9, 100 })
        {
            CalibrationResult result = new PercentileCalibrator(percentage)
                .Calibrate(statistics, CodeFormat.UInt8, QuantizationScheme.Affine);

            double perEnd = Math.Floor((1 - percentage / 100) * statistics.Count + 1e-9) / 2;
            int low = Enumerable.Range(0, zero).Last(start => row[..start].Sum() <= perEnd);
            int high = Enumerable.Range(zero + 1, row.Length - zero).First(end => row[end..].Sum() <= perEnd);
            result.Range.Should().Be(new ValueRange(MathF.Max(low - zero, statistics.Min), MathF.Min(high - zero, statistics.Max)));
            result.ClippedShare.Should()
                .Be((row[..low].Sum() + row[high..].Sum()) / statistics.Count).And.BeLessThanOrEqualTo(1 - percentage / 100 + 1e-12);
        }
    }

    [Fact]
    public void The_refined_mse_search_of_a_fine_histogram_errs_less_than_the_exhaustive_one_of_a_coarse_one()
    {
        Random random = new(5);
        float[] values = [.. Enumerable.Range(0, 100_000).Select(i => (float)(Normal(random) * (i % 3 == 0 ? 4 : 1) + 1))];
        TensorStatistics fine = new();
        fine.Observe(values);

        ValueRange exhaustive = new MseCalibrator().Calibrate(fine.Coarsen(BinsPerSign), CodeFormat.UInt4, QuantizationScheme.Affine).Range;
        ValueRange refined = new MseCalibrator().Calibrate(fine, CodeFormat.UInt4, QuantizationScheme.Affine).Range;

        Error(values, refined).Should().BeLessThanOrEqualTo(Error(values, exhaustive));

        static double Error(float[] values, ValueRange range)
        {
            double scale = ((double)range.Max - range.Min) / 15;
            double zeroPoint = -Math.Round(range.Min / scale);
            return values.Average(
                value => Math.Pow((Math.Clamp(Math.Round(value / scale) + zeroPoint, 0, 15) - zeroPoint) * scale - value, 2));
        }
    }

    /// <summary>Skewed statistics with bins of width 1, and their bins as one row.</summary>
    private static TensorStatistics Create(int seed, out double[] row, out int zero)
    {
        Random random = new(seed);
        List<float> values = [63.5f, -40.5f - seed % 7];
        for (int i = 0; i < 3000; i++)
        {
            double value = Normal(random) * (5 + seed) + (seed % 3) * 6;
            if (Math.Abs(value) < 40 && (seed % 4 != 0 || (int)value % 3 != 0))
            {
                values.Add((float)value);
            }
        }

        TensorStatistics statistics = new(BinsPerSign);
        statistics.Observe([.. values]);
        statistics.BinWidth.Should().Be(1);
        zero = (int)-statistics.Min + 1;
        row =
        [
            .. statistics.NegativeBins[..zero].ToArray().Reverse().Concat(statistics.PositiveBins.ToArray()).Select(count => (double)count)
        ];
        return statistics;
    }

    /// <summary>KL(reference ‖ candidate) bin by bin; infinite for windows that are no candidates.</summary>
    private static double Divergence(double[] row, int start, int end, int levels)
    {
        int width = end - start;
        double below = row[..start].Sum();
        double above = row[end..].Sum();
        double[] reference = row[start..end];
        double[] kept = row[start..end];
        double total = row.Sum();
        if (width < levels || (below > 0 && kept[0] == 0) || (above > 0 && kept[^1] == 0))
        {
            return double.PositiveInfinity;
        }

        reference[0] += below;
        reference[^1] += above;
        if ((below > 0 && reference[0] > total / 2) || (above > 0 && reference[^1] > total / 2))
        {
            return double.PositiveInfinity;
        }

        double divergence = 0;
        for (int i = 0; i < width; i++)
        {
            int level = i * levels / width;
            int[] members = [.. Enumerable.Range(0, width).Where(bin => bin * levels / width == level && kept[bin] > 0)];
            if (reference[i] > 0)
            {
                double candidate = members.Sum(bin => kept[bin]) / members.Length / kept.Sum();
                divergence += reference[i] / total * Math.Log(reference[i] / total / candidate);
            }
        }

        return divergence;
    }

    /// <summary>The squared error of every bin's centre under the affine mapping of a range.</summary>
    private static double Error(double[] row, int zero, double low, double high, CodeFormat format)
    {
        double scale = (high - low) / (format.Levels - 1);
        double zeroPoint = format.MinCode - Math.Round(low / scale);
        double error = 0;
        for (int i = 0; i < row.Length; i++)
        {
            double centre = i - zero + 0.5;
            double code = Math.Clamp(Math.Round(centre / scale) + zeroPoint, format.MinCode, format.MaxCode);
            error += row[i] * Math.Pow((code - zeroPoint) * scale - centre, 2);
        }

        return error;
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
