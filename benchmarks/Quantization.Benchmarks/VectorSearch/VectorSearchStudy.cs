namespace Quantization.Benchmarks.VectorSearch;

internal static class VectorSearchStudy
{
    public static int Run()
    {
        Console.WriteLine(SentenceVectors.Take(20_500).Length);
        return 0;
    }
}
