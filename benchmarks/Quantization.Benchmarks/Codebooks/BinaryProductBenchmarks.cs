using BenchmarkDotNet.Attributes;

namespace Quantization.Benchmarks.Codebooks;

/// <summary>A matrix of 1024 × 1024 and a vector: int8 codes, and one bit per value.</summary>
public class BinaryProductBenchmarks
{
    private const int Size = 1024;

    private readonly sbyte[] _weights = new sbyte[Size * Size];
    private readonly sbyte[] _vector = new sbyte[Size];
    private readonly int[] _sums = new int[Size];
    private readonly float[] _results = new float[Size];
    private BinaryMatrix _binaryWeights = null!;
    private BinaryMatrix _binaryVector = null!;

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        for (int i = 0; i < _weights.Length; i++)
        {
            _weights[i] = (sbyte)random.Next(-127, 128);
            _vector[i % Size] = (sbyte)random.Next(-127, 128);
        }

        _binaryWeights = BinaryMatrix.FromRows(Array.ConvertAll(_weights, code => (float)code), Size, Size);
        _binaryVector = BinaryMatrix.FromRows(Array.ConvertAll(_vector, code => (float)code), 1, Size);
    }

    [Benchmark(Baseline = true)]
    public void Int8MatrixVector() => QuantizationPrimitives.MultiplyVector(_weights, _vector, _sums);

    [Benchmark]
    public void BinaryMatrixVector() => _binaryVector.MultiplyTransposed(_binaryWeights, _results);
}
