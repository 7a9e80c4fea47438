using BenchmarkDotNet.Attributes;

namespace Quantization.Benchmarks.Kernels;

/// <summary>Values to codes, per-tensor.</summary>
public class QuantizeBenchmarks
{
    private float[] _values = [];
    private sbyte[] _codes = [];
    private short[] _shorts = [];

    /// <summary>How many values.</summary>
    [Params(1 << 16, 1 << 20)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        _values = Enumerable.Range(0, Count).Select(_ => random.NextSingle() * 20 - 10).ToArray();
        _codes = new sbyte[Count];
        _shorts = new short[Count];
    }

    [Benchmark(Baseline = true)]
    public void Int8() => QuantizationPrimitives.Quantize(_values, 0.08f, (sbyte)3, _codes);

    [Benchmark]
    public void Int16() => QuantizationPrimitives.Quantize(_values, 0.0008f, (short)3, _shorts);

    [Benchmark]
    public void DynamicInt8() => QuantizationPrimitives.DynamicQuantize<sbyte>(_values, _codes, out _);
}
