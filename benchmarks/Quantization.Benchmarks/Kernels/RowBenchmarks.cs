using System.Numerics.Tensors;
using BenchmarkDotNet.Attributes;

namespace Quantization.Benchmarks.Kernels;

/// <summary>A store of embeddings: one call for all vectors, against a call for each and against a quantizer of the whole tensor.</summary>
public class RowBenchmarks
{
    private float[] _vectors = [];
    private float[] _scales = [];
    private float[] _mean = [];
    private sbyte[] _codes = [];
    private byte[] _bytes = [];

    /// <summary>How many vectors.</summary>
    [Params(1_000, 100_000)]
    public int Rows { get; set; }

    /// <summary>How many values a vector has.</summary>
    [Params(128, 768)]
    public int Columns { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        _vectors = new float[Rows * Columns];
        for (int i = 0; i < _vectors.Length; i++)
        {
            _vectors[i] = random.NextSingle() - 0.4f;
        }

        _scales = new float[Rows];
        _mean = Enumerable.Repeat(0.1f, Columns).ToArray();
        _codes = new sbyte[_vectors.Length];
        _bytes = new byte[_vectors.Length];
    }

    [Benchmark(Baseline = true)]
    public void Int8() => QuantizationPrimitives.DynamicQuantizeRows(_vectors, Columns, _codes, _scales);

    [Benchmark]
    public void Int8OneScale() => QuantizationPrimitives.DynamicQuantizeRows(_vectors, Columns, _codes, _scales.AsSpan(0, 1));

    [Benchmark]
    public void Int4() => QuantizationPrimitives.DynamicQuantizeRows(_vectors, Columns, CodeFormat.Int4, _bytes, _scales);

    [Benchmark]
    public void Signs() => QuantizationPrimitives.QuantizeSigns(_vectors, Columns, _bytes, offsets: _mean);

    [Benchmark]
    public void Int8ByVector()
    {
        for (int row = 0; row < Rows; row++)
        {
            SymmetricQuantizer quantizer = SymmetricQuantizer.DynamicQuantize(
                _vectors.AsSpan(row * Columns, Columns), _codes.AsSpan(row * Columns, Columns), CodeFormat.Int8);
            _scales[row] = quantizer.Parameters.Scales[0];
        }
    }

    [Benchmark]
    public void Int8ByTensor() => SymmetricQuantizer.DynamicQuantize(
        new ReadOnlyTensorSpan<float>(_vectors, [Rows, Columns]), new TensorSpan<byte>(_bytes), CodeFormat.Int8, Granularity.PerChannel(0));
}
