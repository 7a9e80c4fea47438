using System.Numerics.Tensors;
using BenchmarkDotNet.Attributes;

namespace Quantization.Benchmarks.Codebooks;

/// <summary>Codebooks beside the obvious code: a binary search and a table per value. Elements/s = Elements / Mean.</summary>
public class CodebookBenchmarks
{
    private float[] _values = [];
    private float[] _results = [];
    private byte[] _codes = [];
    private byte[] _packed = [];
    private float[] _scales = [];
    private CodebookQuantizer _blocks = null!;
    private CodebookQuantizer _sixteen = null!;
    private CodebookQuantizer _many = null!;

    [Params(65_536, 1_048_576)]
    public int Elements { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        _values = new float[Elements];
        for (int i = 0; i < Elements; i++)
        {
            _values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        _results = new float[Elements];
        _codes = new byte[Elements];
        _packed = new byte[Elements / 2];
        _blocks = CodebookQuantizer.FromTensor(
            new ReadOnlyTensorSpan<float>(_values), Codebook.NormalFloat4, CodeFormat.UInt4, Granularity.PerBlock(0, 64));
        _scales = _blocks.Parameters.Scales.ToArray();
        _sixteen = CodebookQuantizer.FromTensor(new ReadOnlyTensorSpan<float>(_values), Codebook.NormalFloat4, CodeFormat.UInt8);
        _many = CodebookQuantizer.FromTensor(new ReadOnlyTensorSpan<float>(_values), Codebook.MuLaw(256), CodeFormat.UInt8);
        _blocks.Quantize(new ReadOnlyTensorSpan<float>(_values), new TensorSpan<byte>(_packed));
    }

    [Benchmark]
    public void QuantizeNF4Block64Packed() => _blocks.Quantize(new ReadOnlyTensorSpan<float>(_values), new TensorSpan<byte>(_packed));

    [Benchmark]
    public void DequantizeNF4Block64Packed() => _blocks.Dequantize(new ReadOnlyTensorSpan<byte>(_packed), new TensorSpan<float>(_results));

    [Benchmark]
    public void Quantize16Levels() => _sixteen.Quantize(new ReadOnlyTensorSpan<float>(_values), new TensorSpan<byte>(_codes));

    [Benchmark]
    public void Quantize256Levels() => _many.Quantize(new ReadOnlyTensorSpan<float>(_values), new TensorSpan<byte>(_codes));

    [Benchmark]
    public void FakeQuantizeNF4Block64() => _blocks.FakeQuantize(new ReadOnlyTensorSpan<float>(_values), new TensorSpan<float>(_results));

    [Benchmark]
    public void ScalarQuantizeNF4Block64Packed()
    {
        ReadOnlySpan<float> thresholds = Codebook.NormalFloat4.Thresholds;
        for (int i = 0; i < _values.Length; i += 2)
        {
            _packed[i / 2] =
                (byte)(Search(thresholds, _values[i] / _scales[i / 64]) | Search(thresholds, _values[i + 1] / _scales[i / 64]) << 4);
        }
    }

    [Benchmark]
    public void ScalarDequantizeNF4Block64Packed()
    {
        ReadOnlySpan<float> levels = Codebook.NormalFloat4.Levels;
        for (int i = 0; i < _results.Length; i += 2)
        {
            _results[i] = levels[_packed[i / 2] & 15] * _scales[i / 64];
            _results[i + 1] = levels[_packed[i / 2] >> 4] * _scales[i / 64];
        }
    }

    [Benchmark]
    public void ScalarQuantize256Levels()
    {
        ReadOnlySpan<float> thresholds = _many.Codebook.Thresholds;
        float scale = _many.Parameters.Scales[0];
        for (int i = 0; i < _values.Length; i++)
        {
            _codes[i] = (byte)Search(thresholds, _values[i] / scale);
        }
    }

    private static int Search(ReadOnlySpan<float> thresholds, float value)
    {
        int low = 0;
        int high = thresholds.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = value >= thresholds[middle] ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
