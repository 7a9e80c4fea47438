using System.Globalization;
using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text;

namespace Quantization.Onnx;

/// <summary>The metrics of embeddings; see <see cref="ModelMetric.EmbeddingCosine"/> and its neighbours.</summary>
internal static class EmbeddingMetrics
{
    /// <summary>So many samples are looked up among all others, evenly spread where there are more.</summary>
    private const int MaxQueries = 2000;

    /// <summary>Makes the metric of <see cref="ModelMetric.EmbeddingCosine"/>.</summary>
    public static ModelMetric Cosine(EmbeddingOutput source) => ModelMetric.Create(
        "cosine of the embeddings",
        source,
        outputs => Collect(source, outputs).Average(pair => Cosine(pair.Actual, pair.Reference)),
        source.ToString(),
        MetricUnit.None);

    /// <summary>Makes the metric of <see cref="ModelMetric.NeighbourRecall"/>.</summary>
    public static ModelMetric Recall(EmbeddingOutput source, int neighbours) => ModelMetric.Create(
        string.Create(CultureInfo.InvariantCulture, $"recall@{neighbours} of the embeddings"),
        source,
        outputs => Recall(Collect(source, outputs), neighbours),
        source.ToString(),
        MetricUnit.Share);

    /// <summary>Makes the metric of <see cref="ModelMetric.ScoreCorrelation"/>.</summary>
    public static ModelMetric Correlation(EmbeddingOutput source, IReadOnlyList<ScoredPair> pairs) => ModelMetric.Create(
        "rank correlation of the embeddings with scores",
        source,
        outputs => Correlation(source, outputs, pairs),
        $"{source}\n{HashOf(pairs)}",
        MetricUnit.None);

    private static List<(float[] Actual, float[] Reference)> Collect(EmbeddingOutput source, IEnumerable<SampleOutputs> outputs)
    {
        Embeddings embeddings = new(source);
        return [.. outputs.SelectMany(embeddings.Of)];
    }

    private static double Cosine(float[] actual, float[] reference) =>
        actual.AsSpan().SequenceEqual(reference) ? 1 : TensorPrimitives.Dot<float>(actual, reference);

    private static double Recall(List<(float[] Actual, float[] Reference)> all, int neighbours)
    {
        int wanted = Math.Min(neighbours, all.Count - 1), queries = Math.Min(MaxQueries, all.Count);
        if (wanted < 1)
        {
            throw new InvalidDataException(
                "The nearest neighbours of embeddings need at least two samples; give more, or take another metric.");
        }

        float[][] actual = [.. all.Select(each => each.Actual)], reference = [.. all.Select(each => each.Reference)];
        int[] same = new int[queries];
        Parallel.For(0, queries, i =>
        {
            int query = (int)((long)i * all.Count / queries);
            same[i] = Nearest(actual, query, wanted).Intersect(Nearest(reference, query, wanted)).Count();
        });
        return same.Sum(count => (double)count) / ((double)wanted * queries);
    }

    /// <summary>The others that are nearest by cosine; of equally near ones those that come first.</summary>
    private static IEnumerable<int> Nearest(float[][] embeddings, int query, int count)
    {
        float[] similarities = [.. embeddings.Select(other => TensorPrimitives.Dot<float>(embeddings[query], other))];
        return Enumerable.Range(0, embeddings.Length).Where(i => i != query).OrderByDescending(i => similarities[i]).Take(count);
    }

    private static double Correlation(EmbeddingOutput source, IEnumerable<SampleOutputs> outputs, IReadOnlyList<ScoredPair> pairs)
    {
        Embeddings embeddings = new(source);
        HashSet<string> named = [.. pairs.SelectMany(pair => (string[])[pair.First, pair.Second])];
        Dictionary<string, float[]> found = [];
        foreach (SampleOutputs sample in outputs)
        {
            string name = Path.GetFileName(sample.Sample.Name);
            if (named.Contains(name))
            {
                found[name] = embeddings.Of(sample)[0].Actual;
            }
        }

        ScoredPair[] known = [.. pairs.Where(pair => found.ContainsKey(pair.First) && found.ContainsKey(pair.Second))];
        double[] similarities = [.. known.Select(pair => (double)TensorPrimitives.Dot<float>(found[pair.First], found[pair.Second]))];
        return RankCorrelation.Spearman(similarities, [.. known.Select(pair => pair.Score)]) ?? throw new InvalidDataException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Of the {pairs.Count} pairs with scores, {known.Length} are among the samples, and their scores do "
                    + $"not differ, so there is "
                + $"no rank correlation; score pairs of these samples."));
    }

    private static string HashOf(IReadOnlyList<ScoredPair> pairs) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join(
            '\n', pairs.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.First}\n{pair.Second}\n{pair.Score:R}"))))));
}
