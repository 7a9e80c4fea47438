using BenchmarkDotNet.Attributes;

namespace Quantization.Benchmarks.Calibration;

/// <summary>
/// Choosing a range from statistics of 4,096 bins for each sign, nearly all of them in use; the entropy search also beside the search
/// written down bin by bin.
/// </summary>
[MemoryDiagnoser]
public class CalibratorBenchmarks
{
    private readonly TensorStatistics _statistics = new();
    private readonly EntropyCalibrator _entropy = new();
    private readonly MseCalibrator _mse = new();
    private readonly PercentileCalibrator _percentile = new();

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        float[] values = new float[1 << 20];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        // The bins reach to just below 8, so the last is in use.
        values[0] = 7.999f;
        _statistics.Observe(values);
    }

    [Benchmark]
    public CalibrationResult EntropySymmetric() => _entropy.Calibrate(_statistics, CodeFormat.Int8, QuantizationScheme.Symmetric);

    [Benchmark]
    public CalibrationResult EntropyAffine() => _entropy.Calibrate(_statistics, CodeFormat.UInt8, QuantizationScheme.Affine);

    [Benchmark]
    public CalibrationResult MseSymmetric() => _mse.Calibrate(_statistics, CodeFormat.Int8, QuantizationScheme.Symmetric);

    [Benchmark]
    public CalibrationResult MseAffine() => _mse.Calibrate(_statistics, CodeFormat.UInt8, QuantizationScheme.Affine);

    [Benchmark]
    public CalibrationResult Percentile() => _percentile.Calibrate(_statistics, CodeFormat.Int8, QuantizationScheme.Symmetric);

    /// <summary>Every candidate's divergence summed up over all its bins.</summary>
    [Benchmark(Baseline = true)]
    public int EntropyBinByBin()
    {
        const int levels = 128;
        int bins = _statistics.BinsPerSign;
        double[] counts = new double[bins];
        double total = 0;
        for (int i = 0; i < bins; i++)
        {
            counts[i] = _statistics.PositiveBins[i] + _statistics.NegativeBins[i];
            total += counts[i];
        }

        (int best, double least) = (bins, double.PositiveInfinity);
        double kept = 0;
        for (int i = 0; i < bins; i++)
        {
            kept += counts[i];
            if (i + 1 >= levels && counts[i] > 0 && Divergence(counts, i + 1, levels, kept, total) is double divergence
                && divergence <= least)
            {
                (best, least) = (i + 1, divergence);
            }
        }

        return best;
    }

    private static double Divergence(double[] counts, int end, int levels, double kept, double total)
    {
        double divergence = 0;
        for (int level = 0; level < levels; level++)
        {
            int from = (level * end + levels - 1) / levels;
            int to = ((level + 1) * end + levels - 1) / levels;
            double mass = 0;
            int members = 0;
            for (int i = from; i < to; i++)
            {
                mass += counts[i];
                members += counts[i] > 0 ? 1 : 0;
            }

            for (int i = from; i < to; i++)
            {
                if (counts[i] > 0)
                {
                    double share = (counts[i] + (i == end - 1 ? total - kept : 0)) / total;
                    divergence += share * Math.Log(share / (mass / members / kept));
                }
            }
        }

        return divergence;
    }
}
