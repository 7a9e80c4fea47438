using System.Numerics.Tensors;

namespace Quantization.Benchmarks.VectorSearch;

/// <summary>Unit vectors to search among, one after another, and queries.</summary>
/// <param name="Name">What the vectors are.</param>
/// <param name="Stored">The vectors.</param>
/// <param name="Queries">What is searched for.</param>
internal sealed record VectorSet(string Name, float[] Stored, float[][] Queries)
{
    /// <summary>The dimensions of all sets.</summary>
    public const int Dimensions = SentenceVectors.Dimensions;

    private const int VectorsPerCluster = 50;

    /// <summary>
    /// How much of a clustered vector is its own. Two vectors of a cluster have a cosine of about 0.5, as the nearest sentences have.
    /// </summary>
    private const float Noise = 1;

    /// <summary>How many vectors are stored.</summary>
    public int Count => Stored.Length / Dimensions;

    /// <summary>Embeddings of sentences; the queries are other sentences.</summary>
    public static VectorSet Sentences(int count, int queries)
    {
        float[] all = SentenceVectors.Take(count + queries);

        // Sentences lie in the order of the dictionary: every so many of them is a query.
        int every = (count + queries) / queries;
        List<float> stored = new(count * Dimensions);
        List<float[]> asked = [];
        for (int i = 0; i < count + queries; i++)
        {
            ReadOnlySpan<float> vector = all.AsSpan(i * Dimensions, Dimensions);
            if (i % every == 0 && asked.Count < queries)
            {
                asked.Add(vector.ToArray());
            }
            else
            {
                stored.AddRange(vector);
            }
        }

        return new VectorSet(FormattableString.Invariant($"{count:N0} sentences, MiniLM"), [.. stored], [.. asked]);
    }

    /// <summary>Vectors around random centres, about fifty each; the queries are more of them.</summary>
    public static VectorSet Clustered(int count, int queries)
    {
        Random random = new(1);
        float[] centres = new float[Math.Max(1, count / VectorsPerCluster) * Dimensions];
        Gaussian(random, centres);
        float[] stored = new float[count * Dimensions];
        for (int i = 0; i < count; i++)
        {
            Draw(random, centres, stored.AsSpan(i * Dimensions, Dimensions));
        }

        float[][] asked = new float[queries][];
        for (int i = 0; i < queries; i++)
        {
            asked[i] = new float[Dimensions];
            Draw(random, centres, asked[i]);
        }

        return new VectorSet(FormattableString.Invariant($"{count:N0} clustered vectors"), stored, asked);
    }

    /// <summary>A stored vector.</summary>
    public ReadOnlySpan<float> Row(int row) => Stored.AsSpan(row * Dimensions, Dimensions);

    private static void Draw(Random random, float[] centres, Span<float> vector)
    {
        Gaussian(random, vector);
        TensorPrimitives.Multiply(vector, Noise, vector);
        TensorPrimitives.Add(vector, centres.AsSpan(random.Next(centres.Length / Dimensions) * Dimensions, Dimensions), vector);
        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
    }

    /// <summary>Sums of twelve uniform numbers come near enough, and are fast.</summary>
    private static void Gaussian(Random random, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            ulong bits = (ulong)random.NextInt64();
            ulong more = (ulong)random.NextInt64();
            int sum = 0;
            for (int shift = 0; shift < 60; shift += 10)
            {
                sum += (int)(bits >> shift & 1023) + (int)(more >> shift & 1023);
            }

            values[i] = sum / 1024f - 6;
        }
    }
}
