using Microsoft.Extensions.VectorData;

namespace Quantization.Extensions.AI.Tests.Store;

/// <summary>Vectors of any dimensions, and what a plain search among them finds.</summary>
internal static class Vectors
{
    /// <summary>Vectors around a few centres, of different lengths.</summary>
    public static float[][] Clustered(int count, int dimensions, int clusters, int seed)
    {
        Random random = new(seed);
        float[][] centres = [.. Enumerable.Range(0, clusters).Select(_ => Gaussian(random, dimensions, 1))];
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            float[] centre = centres[random.Next(clusters)];
            float[] noise = Gaussian(random, dimensions, 0.5f);
            float length = 0.5f + random.NextSingle();
            return centre.Zip(noise, (a, b) => (a + b) * length).ToArray();
        })];
    }

    /// <summary>A score in double precision.</summary>
    public static double Score(string? function, float[] x, float[] y)
    {
        double dot = x.Zip(y, (a, b) => (double)a * b).Sum();
        double squares = x.Zip(y, (a, b) => ((double)a - b) * ((double)a - b)).Sum();
        double cosine = dot / Math.Sqrt(x.Sum(a => (double)a * a) * y.Sum(a => (double)a * a));
        return function switch
        {
            null or DistanceFunction.CosineSimilarity => cosine,
            DistanceFunction.CosineDistance => 1 - cosine,
            DistanceFunction.DotProductSimilarity => dot,
            DistanceFunction.NegativeDotProductSimilarity => -dot,
            DistanceFunction.EuclideanDistance => Math.Sqrt(squares),
            DistanceFunction.EuclideanSquaredDistance => squares,
            _ => throw new ArgumentException(function),
        };
    }

    /// <summary>The nearest rows by a plain search.</summary>
    public static int[] Nearest(string? function, float[][] rows, float[] query, int count)
    {
        bool isSimilarity = function is null or DistanceFunction.CosineSimilarity or DistanceFunction.DotProductSimilarity;
        return
        [
            .. Enumerable.Range(0, rows.Length).OrderBy(row => Score(function, rows[row], query) * (isSimilarity ? -1 : 1)).Take(count)
        ];
    }

    /// <summary>A collection of dictionaries with a vector property of a type.</summary>
    public static QuantizedDynamicCollection Collection(
        Type type, int dimensions, string? function = null, string? index = null, QuantizedCollectionOptions? options = null) =>
        new("c", new QuantizedCollectionOptions(options)
        {
            Definition = new VectorStoreCollectionDefinition
            {
                Properties =
                [
                    new VectorStoreKeyProperty("Id", typeof(int)),
                    new VectorStoreDataProperty("Tag", typeof(string)),
                    new VectorStoreVectorProperty("Vector", type, dimensions) { DistanceFunction = function, IndexKind = index },
                ],
            },
        });

    /// <summary>A record for <see cref="Collection"/>.</summary>
    public static Dictionary<string, object?> Record(int id, object vector, string? tag = null) =>
        new() { ["Id"] = id, ["Tag"] = tag, ["Vector"] = vector };

    /// <summary>A collection that holds vectors with their places as keys.</summary>
    public static async Task<QuantizedDynamicCollection> Fill(
        float[][] rows, string? function = null, string? index = null, QuantizedCollectionOptions? options = null)
    {
        QuantizedDynamicCollection collection = Collection(typeof(float[]), rows[0].Length, function, index, options);
        await collection.EnsureCollectionExistsAsync();
        await collection.UpsertAsync(rows.Select((row, i) => Record(i, row, i % 3 == 0 ? "third" : "other")));
        return collection;
    }

    /// <summary>The keys and scores that a search finds.</summary>
    public static async Task<(int Id, double Score)[]> Find<TInput>(
        QuantizedDynamicCollection collection, TInput query, int top, VectorSearchOptions<Dictionary<string, object?>>? options = null)
        where TInput : notnull =>
        [.. (await collection.SearchAsync(query, top, options).ToListAsync()).Select(each => ((int)each.Record["Id"]!, each.Score!.Value))];

    private static float[] Gaussian(Random random, int dimensions, float deviation) =>
    [
        .. Enumerable.Range(0, dimensions).Select(_ =>
            deviation * (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))),
    ];
}
