// Searches among vectors as a user of the package would, and saves and maps them.
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;
using Quantization.Extensions.AI;

using QuantizedVectorStore store = new();
VectorStoreCollection<int, Point> points = store.GetCollection<int, Point>("points");
await points.EnsureCollectionExistsAsync();
await points.UpsertAsync(Enumerable.Range(0, 360).Select(degree => new Point { Degree = degree, Vector = OnCircle(degree) }));
List<int> found = [];
await foreach (VectorSearchResult<Point> result in points.SearchAsync(OnCircle(42), 3, new() { Filter = point => point.Degree % 2 == 0 }))
{
    found.Add(result.Record.Degree);
}

Check(found[0] == 42 && found.Order().SequenceEqual([40, 42, 44]), "the nearest are found");
string path = Path.Combine(args[0], "points.bin");
((QuantizedCollection<int, Point>)points).Save(path);
using QuantizedCollection<int, Point> loaded = new("points");
loaded.Load(path);
Check(loaded.Count == 360 && await loaded.GetAsync(7) is { Degree: 7 }, "a saved collection comes back");

using Circle generator = new();
BinaryEmbedding bits = await generator.AsBinary().GenerateAsync(135);
Check(!bits.Vector[0] && bits.Vector[1], "bits are signs");
Check((await generator.AsInt8().GenerateVectorAsync(90)).Span[1] == 127, "int8 codes reach 127");
Console.WriteLine("embeddings: searched, saved, mapped and quantized");
return 0;

static float[] OnCircle(int degree) => [MathF.Cos(degree * MathF.PI / 180), MathF.Sin(degree * MathF.PI / 180)];

static void Check(bool condition, string what)
{
    if (!condition)
    {
        throw new InvalidOperationException($"Not so: {what}.");
    }
}

internal sealed class Point
{
    [VectorStoreKey]
    public int Degree { get; set; }

    [VectorStoreVector(2)]
    public ReadOnlyMemory<float> Vector { get; set; }
}

internal sealed class Circle : IEmbeddingGenerator<int, Embedding<float>>
{
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<int> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(values.Select(degree =>
            new Embedding<float>(new[] { MathF.Cos(degree * MathF.PI / 180), MathF.Sin(degree * MathF.PI / 180) }))));

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
