using System.Collections;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;

namespace Quantization.Extensions.AI.Tests.Store;

public class SearchTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(DistanceFunction.CosineSimilarity)]
    [InlineData(DistanceFunction.CosineDistance)]
    [InlineData(DistanceFunction.DotProductSimilarity)]
    [InlineData(DistanceFunction.NegativeDotProductSimilarity)]
    [InlineData(DistanceFunction.EuclideanDistance)]
    [InlineData(DistanceFunction.EuclideanSquaredDistance)]
    public async Task Every_distance_finds_what_floats_find_in_the_same_order_of_scores(string? function)
    {
        float[][] rows = Vectors.Clustered(2000, 96, 100, 1);
        float[][] queries = Vectors.Clustered(20, 96, 100, 2);
        using QuantizedDynamicCollection flat = await Vectors.Fill(rows, function);
        using QuantizedDynamicCollection bits = await Vectors.Fill(
            rows, function, IndexKind.QuantizedFlat, new() { FewestCandidates = 600 });
        int byCodes = 0;
        int byBits = 0;
        foreach (float[] query in queries)
        {
            int[] expected = Vectors.Nearest(function, rows, query, 10);
            (int Id, double Score)[] found = await Vectors.Find(flat, query, 10);
            byCodes += found.Select(each => each.Id).Intersect(expected).Count();
            byBits += (await Vectors.Find(bits, query, 10)).Select(each => each.Id).Intersect(expected).Count();
            IsInOrder(function, found).Should().BeTrue();
            foreach ((int id, double score) in found)
            {
                // Half a step of the stored vector for each of the query's values.
                float step = rows[id].Max(Math.Abs) / 127;
                double norm = Math.Sqrt(Vectors.Score(DistanceFunction.DotProductSimilarity, query, query));
                double bound = function?.Contains("Dot", StringComparison.Ordinal) == true ? query.Sum(Math.Abs) * step / 2 * 1.01
                    : function?.Contains("Euclidean", StringComparison.Ordinal) == true ? 0.05 * norm * norm
                    : 0.005;
                score.Should().BeApproximately(Vectors.Score(function, rows[id], query), bound);
            }
        }

        byCodes.Should().BeGreaterThanOrEqualTo(190);

        // Bits tell the direction of vectors, and nothing of their lengths.
        byBits.Should().BeGreaterThanOrEqualTo(function is null || function.StartsWith("Cosine", StringComparison.Ordinal) ? 180 : 160);
    }

    [Fact]
    public async Task Codes_are_ranked_exactly_by_their_own_distances()
    {
        // Vectors that are int8 already have no rounding: the search is a plain one.
        Random random = new(3);
        sbyte[][] rows =
            [.. Enumerable.Range(0, 1500).Select(_ => Enumerable.Range(0, 70).Select(_ => (sbyte)random.Next(-128, 128)).ToArray())];
        using QuantizedDynamicCollection collection = Vectors.Collection(typeof(sbyte[]), 70, DistanceFunction.EuclideanSquaredDistance);
        await collection.EnsureCollectionExistsAsync();
        await collection.UpsertAsync(rows.Select((row, i) => Vectors.Record(i, row)));
        (int Id, double Score)[] found = await Vectors.Find(collection, rows[7], 20);
        int[] expected = [.. Enumerable.Range(0, rows.Length).OrderBy(row => CodeDistance.SquaredEuclidean(rows[row], rows[7]))
            .ThenBy(row => row).Take(20)];
        found.Select(each => each.Id).Should().Equal(expected);
        found.Select(each => (long)Math.Round(each.Score)).Should()
            .Equal(expected.Select(row => CodeDistance.SquaredEuclidean(rows[row], rows[7])));
        ((sbyte[])(await collection.GetAsync(7, new() { IncludeVectors = true }))!["Vector"]!).Should().Equal(rows[7]);
    }

    [Fact]
    public async Task Kept_vectors_give_the_scores_of_floats_and_come_back_as_they_were()
    {
        float[][] rows = Vectors.Clustered(500, 33, 5, 4);
        using QuantizedDynamicCollection collection = await Vectors.Fill(
            rows, DistanceFunction.DotProductSimilarity, null, new() { KeepVectors = true });
        float[] query = Vectors.Clustered(1, 33, 5, 5)[0];
        (int Id, double Score)[] found = await Vectors.Find(collection, query, 10);
        found.Select(each => each.Id).Should().Equal(Vectors.Nearest(DistanceFunction.DotProductSimilarity, rows, query, 10));
        found[0].Score.Should().BeApproximately(Vectors.Score(DistanceFunction.DotProductSimilarity, rows[found[0].Id], query), 1e-4);
        ((float[])(await collection.GetAsync(9, new() { IncludeVectors = true }))!["Vector"]!).Should().Equal(rows[9]);
        collection.VectorBytes.Should().Be(500 * (33 + 4 + 4 * 33));
    }

    [Fact]
    public async Task Only_codes_are_kept_unless_asked()
    {
        float[][] rows = Vectors.Clustered(300, 384, 3, 6);
        using QuantizedDynamicCollection flat = await Vectors.Fill(rows);
        using QuantizedDynamicCollection bits = await Vectors.Fill(rows, index: IndexKind.QuantizedFlat);
        (flat.VectorBytes / (300.0 * 384 * sizeof(float))).Should().BeLessThan(0.26);
        (bits.ScannedBytes / (300.0 * 384 * sizeof(float))).Should().BeLessThan(0.04);
        float[] back = (float[])(await flat.GetAsync(5, new() { IncludeVectors = true }))!["Vector"]!;
        float step = rows[5].Max(Math.Abs) / 127;
        back.Zip(rows[5]).Should()
            .OnlyContain(pair => Math.Abs(pair.First - pair.Second) <= step * 0.5001f).And.Contain(pair => pair.First != pair.Second);
    }

    [Theory]
    [InlineData(IndexKind.Flat)]
    [InlineData(IndexKind.QuantizedFlat)]
    public async Task A_filter_is_applied_before_the_search(string index)
    {
        float[][] rows = Vectors.Clustered(3000, 64, 2, 7);
        using QuantizedDynamicCollection collection = await Vectors.Fill(rows, index: index);
        (int Id, double Score)[] found = await Vectors.Find(
            collection, rows[1], 5, new() { Filter = record => (int)record["Id"]! >= 2990 && (string)record["Tag"]! == "third" });
        found.Select(each => each.Id).Should().BeEquivalentTo([2991, 2994, 2997]);
    }

    [Fact]
    public async Task Skip_and_threshold_cut_the_ranking_at_both_ends()
    {
        float[][] rows = Vectors.Clustered(400, 48, 4, 8);
        using QuantizedDynamicCollection similar = await Vectors.Fill(rows);
        using QuantizedDynamicCollection distant = await Vectors.Fill(rows, DistanceFunction.EuclideanDistance);
        foreach ((QuantizedDynamicCollection collection, bool isSimilarity) in new[] { (similar, true), (distant, false) })
        {
            (int Id, double Score)[] all = await Vectors.Find(collection, rows[3], 400);
            all.Should().HaveCount(400);
            (await Vectors.Find(collection, rows[3], 6, new() { Skip = 4 })).Should().Equal(all[4..10]);
            double threshold = all[7].Score;
            (await Vectors.Find(collection, rows[3], 100, new() { ScoreThreshold = threshold })).Should().Equal(all[..8]);
            (await Vectors.Find(collection, rows[3], 100, new() { ScoreThreshold = threshold, Skip = 5 })).Should().Equal(all[5..8]);
            (await Vectors.Find(collection, rows[3], 5, new() { Skip = 1000 })).Should().BeEmpty();
            IsInOrder(isSimilarity ? null : DistanceFunction.EuclideanDistance, all).Should().BeTrue();
        }
    }

    [Fact]
    public async Task Vectors_of_every_type_go_in_and_come_back()
    {
        float[] values = [0.5f, -1, 0.25f, 0.75f];
        Half[] halves = Array.ConvertAll(values, value => (Half)value);
        sbyte[] codes = [64, -127, 32, 95];
        object[] vectors =
        [
            values,
            (ReadOnlyMemory<float>)values,
            new Embedding<float>(values),
            halves,
            (ReadOnlyMemory<Half>)halves,
            new Embedding<Half>(halves),
            codes,
            (ReadOnlyMemory<sbyte>)codes,
            new Embedding<sbyte>(codes) { AdditionalProperties = new() { [QuantizedEmbeddings.ScaleKey] = 1f / 127 } },
        ];
        foreach (object vector in vectors)
        {
            using QuantizedDynamicCollection collection = Vectors.Collection(vector.GetType(), 4, DistanceFunction.DotProductSimilarity);
            await collection.EnsureCollectionExistsAsync();
            await collection.UpsertAsync(Vectors.Record(1, vector));
            object back = (await collection.GetAsync(1, new() { IncludeVectors = true }))!["Vector"]!;
            back.Should().BeOfType(vector.GetType());
            double scale = vector is sbyte[] or ReadOnlyMemory<sbyte> ? 127 : 1;
            foreach (object query in vectors)
            {
                double queryScale = query is sbyte[] or ReadOnlyMemory<sbyte> ? 127 : 1;
                (await Vectors.Find(collection, query, 1)).Single().Score.Should()
                    .BeApproximately(1.875 * scale * queryScale, 0.01 * scale * queryScale);
            }
        }
    }

    [Fact]
    public async Task Bits_are_compared_by_Hamming_distance()
    {
        using QuantizedDynamicCollection collection = Vectors.Collection(typeof(BinaryEmbedding), 11);
        await collection.EnsureCollectionExistsAsync();
        BitArray[] rows = [new(11, true), new(11, false), new([true, false, true, true, false, true, true, true, true, true, true])];
        await collection.UpsertAsync(rows.Select((row, i) => Vectors.Record(i, new BinaryEmbedding(row))));
        (await Vectors.Find(collection, rows[0], 3)).Should().Equal((0, 0d), (2, 2d), (1, 11d));
        (await Vectors.Find(collection, new BinaryEmbedding(rows[1]), 3, new() { ScoreThreshold = 9 })).Should().Equal((1, 0d), (2, 9d));
        BinaryEmbedding back = (BinaryEmbedding)(await collection.GetAsync(2, new() { IncludeVectors = true }))!["Vector"]!;
        back.Vector.Cast<bool>().Should().Equal(rows[2].Cast<bool>());
        collection.VectorBytes.Should().Be(6);
        await FluentActions.Awaiting(() => Vectors.Find(collection, new float[11], 1)).Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task A_vector_of_zeros_has_no_direction()
    {
        using QuantizedDynamicCollection collection = await Vectors.Fill([[0, 0, 0], [1, 0, 0], [-1, 0, 0]]);
        (await Vectors.Find(collection, new float[] { 1, 0, 0 }, 3)).Should().Equal((1, 1d), (2, -1d));
        (await Vectors.Find(collection, new float[3], 3)).Should().BeEmpty();
        using QuantizedDynamicCollection distant = await Vectors.Fill(
            [[0, 0, 0], [1, 0, 0], [-1, 0, 0]], DistanceFunction.EuclideanDistance);
        (await Vectors.Find(distant, new float[3], 3)).Select(each => each.Id).Should().Equal(0, 1, 2);
    }

    [Fact]
    public async Task Queries_that_do_not_fit_are_refused()
    {
        using QuantizedDynamicCollection collection = await Vectors.Fill(Vectors.Clustered(5, 4, 1, 9));
        await FluentActions.Awaiting(() => Vectors.Find(collection, new float[3], 1)).Should().ThrowAsync<ArgumentException>()
            .WithMessage("The vector for 'Vector' has 3 dimensions; the collection's vectors have 4.");
        await FluentActions.Awaiting(() => Vectors.Find(collection, new float[] { 1, 2, float.NaN, 3 }, 1)).Should()
            .ThrowAsync<ArgumentException>().WithMessage("*not finite*");
        await FluentActions.Awaiting(() => Vectors.Find(collection, "text", 1)).Should().ThrowAsync<ArgumentException>();
        await FluentActions.Awaiting(() => Vectors.Find(collection, new float[4], 0)).Should().ThrowAsync<ArgumentOutOfRangeException>();
        await FluentActions.Awaiting(
            () => Vectors.Find(collection, new float[4], 1, new() { Filter = record => record["Vector"] != null })).Should()
            .ThrowAsync<ArgumentException>().WithMessage("The filter asks for the vector 'Vector'*");
        CancellationToken cancelled = new(true);
        await FluentActions.Awaiting(
            () => collection.SearchAsync(new float[] { 1, 1, 1, 1 }, 1, null, cancelled).ToListAsync(cancelled).AsTask())
            .Should().ThrowAsync<OperationCanceledException>();
    }

    private static bool IsInOrder(string? function, (int Id, double Score)[] found)
    {
        double sign = function is null or DistanceFunction.CosineSimilarity or DistanceFunction.DotProductSimilarity ? -1 : 1;
        return found.Zip(found.Skip(1)).All(pair => sign * pair.First.Score <= sign * pair.Second.Score);
    }
}
