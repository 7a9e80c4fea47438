using BenchmarkDotNet.Attributes;

namespace Quantization.Benchmarks.VectorSearch;

/// <summary>A query among 20,000 vectors: floats, int8 codes, and bits with the candidates ranked by int8 codes.</summary>
public class VectorSearchBenchmarks
{
    private readonly VectorSet _set = VectorSet.Clustered(20_000, 100);
    private SearchContest _contest = null!;
    private int _query;

    [GlobalSetup]
    public void Fill() => _contest = SearchContest.Over(_set);

    [GlobalCleanup]
    public void Release() => _contest.Dispose();

    [Benchmark(Baseline = true)]
    public int[] Floats() => _contest.SearchFloats(Next());

    [Benchmark]
    public int[] Int8() => SearchContest.Search(_contest.Int8, Next());

    [Benchmark]
    public int[] Binary() => SearchContest.Search(_contest.Binary, Next());

    private float[] Next() => _set.Queries[_query++ % _set.Queries.Length];
}
