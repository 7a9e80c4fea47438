using Quantization.Tests.Calibration;

namespace Quantization.Onnx.Tests.Calibration;

/// <summary>On the activations of a real model the fast searches find the bins that the literal ones find.</summary>
public sealed class RealActivationTests
{
    private static readonly CodeFormat[] Formats = [CodeFormat.Int8, CodeFormat.UInt8, CodeFormat.Int4];

    public static TheoryData<string> Activations => new(FashionExample.Calibration.Activations.Keys);

    [Theory]
    [MemberData(nameof(Activations))]
    public void Searches_agree_with_the_literal_ones(string activation)
    {
        TensorStatistics statistics = FashionExample.Calibration.Activations[activation].Coarsen(1024);
        foreach (CodeFormat format in Formats)
        {
            long[] histogram = Magnitudes(statistics, format.IsSigned);
            int levels = format.MaxCode + 1;

            Entropy(statistics, format).Range.Max.Should().Be(Edge(statistics, LiteralSearch.LeastThatClipsCheaply(
                histogram, LiteralSearch.Entropy(histogram, levels).Divergences, levels)), $"of {format}");

            CalibrationResult mse = Calibrate(new MseCalibrator(), statistics, format);
            (int bin, double[] errors) = LiteralSearch.Mse(histogram, format.MaxCode, format.MaxCode);
            int found = (int)(mse.Range.Max / statistics.BinWidth);
            if (found != bin && errors[found] != errors[bin])
            {
                // Two candidates that the literal search lacks: the bins below its first, and the observed maximum in place of the last
                // bin's centre. They must be better than all of its.
                found.Should().Match(
                    other => other < format.MaxCode || other == histogram.Length - 1, $"the literal search of {format} ends in bin {bin}");
                mse.Loss.Should().BeLessThan(errors[bin] * statistics.BinWidth * statistics.BinWidth / statistics.Count);
            }

            float percentile = Calibrate(new PercentileCalibrator(99.9), statistics, format).Range.Max;
            percentile.Should().Be(Edge(statistics, PercentileBin(statistics, histogram) + 1), $"of {format}");
        }
    }

    [Fact]
    public void Spikes_of_a_constant_background_are_not_clipped()
    {
        TensorStatistics statistics = FashionExample.Calibration.Activations["features.stem/relu6"];
        long[] histogram = Magnitudes(statistics, true);
        double literal = Edge(statistics, LiteralSearch.Entropy(histogram, 128).Kept);

        CalibrationResult result = Entropy(statistics, CodeFormat.Int8);

        literal.Should().BeLessThan(1, "the unguarded search is known to clip at a fraction of the range of 6");
        result.Note.Should().Contain("left out");
        Error(statistics, histogram, result.Range.Max).Should().BeLessThan(Error(statistics, histogram, literal) / 10);
    }

    private static CalibrationResult Entropy(TensorStatistics statistics, CodeFormat format) =>
        Calibrate(new EntropyCalibrator(), statistics, format);

    private static CalibrationResult Calibrate(ICalibrator calibrator, TensorStatistics statistics, CodeFormat format) =>
        calibrator.Calibrate(statistics, format, QuantizationScheme.Symmetric);

    /// <summary>The counts of magnitudes that the codes can reach, up to the largest.</summary>
    private static long[] Magnitudes(TensorStatistics statistics, bool isSigned)
    {
        long[] counts = [.. Enumerable.Range(0, statistics.BinsPerSign)
            .Select(i => statistics.PositiveBins[i] + (isSigned ? statistics.NegativeBins[i] : 0))];
        return counts[..(Array.FindLastIndex(counts, count => count > 0) + 1)];
    }

    /// <summary>The bin where the share of values, zeros and the unreachable ones below included, reaches 99.9 %.</summary>
    private static int PercentileBin(TensorStatistics statistics, long[] histogram)
    {
        long[] counts = [statistics.ZeroCount + histogram[0], .. histogram[1..]];
        return LiteralSearch.Percentile(counts, 99.9m);
    }

    private static float Edge(TensorStatistics statistics, int bins) =>
        (float)Math.Min(bins * statistics.BinWidth, Math.Max(statistics.Max, -statistics.Min));

    private static double Error(TensorStatistics statistics, long[] histogram, double threshold)
    {
        double scale = threshold / 127;
        return Enumerable.Range(0, histogram.Length).Sum(i =>
        {
            double centre = (i + 0.5) * statistics.BinWidth;
            return histogram[i] * Math.Pow(Math.Min(Math.Round(centre / scale), 127) * scale - centre, 2);
        });
    }
}
