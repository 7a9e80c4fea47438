using BenchmarkDotNet.Attributes;

namespace Quantization.Benchmarks.Kernels;

/// <summary>Codes to values, per-tensor.</summary>
public class DequantizeBenchmarks
{
    private sbyte[] _codes = [];
    private float[] _values = [];

    /// <summary>How many codes.</summary>
    [Params(1 << 16, 1 << 20)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _codes = new sbyte[Count];
        new Random(1).NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(_codes.AsSpan()));
        _values = new float[Count];
    }

    [Benchmark(Baseline = true)]
    public void Int8() => QuantizationPrimitives.Dequantize(_codes, 0.08f, (sbyte)3, _values);

    [Benchmark]
    public void FakeQuantizeInPlace() => QuantizationPrimitives.FakeQuantize<sbyte>(_values, 0.08f, 3, _values);
}
