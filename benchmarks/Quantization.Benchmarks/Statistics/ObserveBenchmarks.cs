using BenchmarkDotNet.Attributes;

namespace Quantization.Benchmarks.Statistics;

/// <summary>Observing beside the plain loop that counts the same bins. Elements/s = Elements / Mean.</summary>
[MemoryDiagnoser]
public class ObserveBenchmarks
{
    private readonly TensorStatistics _statistics = new();
    private readonly long[] _positive = new long[TensorStatistics.DefaultBinsPerSign];
    private readonly long[] _negative = new long[TensorStatistics.DefaultBinsPerSign];
    private float[] _values = [];

    public enum Distribution
    {
        Normal,
        Relu,
    }

    [Params(4_096, 65_536, 1_048_576, 16_777_216)]
    public int Elements { get; set; }

    [Params(Distribution.Normal, Distribution.Relu)]
    public Distribution Values { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        _values = new float[Elements];
        for (int i = 0; i < Elements; i++)
        {
            float normal = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
            _values[i] = Values == Distribution.Relu ? MathF.Max(normal, 0) : normal;
        }
    }

    [Benchmark]
    public void Observe() => _statistics.Observe(_values);

    /// <summary>A plain implementation: bounds first, then one multiplication, one branch and one increment for each value.</summary>
    [Benchmark(Baseline = true)]
    public long ScalarLoop()
    {
        float max = 0;
        foreach (float value in _values)
        {
            max = MathF.Max(max, MathF.Abs(value));
        }

        float perBin = MathF.ScaleB(1, 11 - Math.ILogB(max));
        long zeros = 0;
        foreach (float value in _values)
        {
            if (value > 0)
            {
                _positive[(int)(value * perBin)]++;
            }
            else if (value < 0)
            {
                _negative[(int)(-value * perBin)]++;
            }
            else
            {
                zeros++;
            }
        }

        return zeros;
    }
}
