using System.Linq.Expressions;
using Microsoft.Extensions.VectorData;
using Quantization.Extensions.AI.Tests.Generators;

namespace Quantization.Extensions.AI.Tests.Store;

public class CollectionTests
{
    [Fact]
    public async Task A_record_comes_back_as_a_copy_without_its_vector()
    {
        using QuantizedCollection<int, Article> collection = await Fill();
        Article stored = new() { Id = 9, Title = "nine", Tags = ["x"], Price = 9.5, Vector = new float[] { 1, 0, 0, 0 } };
        await collection.UpsertAsync(stored);
        stored.Title = "changed";
        Article back = (await collection.GetAsync(9))!;
        back.Should().BeEquivalentTo(new Article { Id = 9, Title = "nine", Tags = ["x"], Price = 9.5 });
        back.Title = "changed too";
        (await collection.GetAsync(9, new() { IncludeVectors = true }))!.Title.Should().Be("nine");
        (await collection.GetAsync(9, new() { IncludeVectors = true }))!.Vector.ToArray().Should().Equal(1, 0, 0, 0);
        (await collection.GetAsync(77)).Should().BeNull();
        (await collection.GetAsync([3, 77, 1]).ToListAsync()).Select(article => article.Id).Should().Equal(3, 1);
    }

    [Fact]
    public async Task Filters_of_many_forms_are_understood()
    {
        using QuantizedCollection<int, Article> collection = await Fill();
        string wanted = "b";
        int[] ids = [2, 5];
        await Check(article => article.Title == "t4", 4);
        await Check(article => article.Tags.Contains(wanted), 1, 3, 5, 7);
        await Check(article => ids.Contains(article.Id), 2, 5);
        await Check(article => article.Price > 4 && !(article.Title!.EndsWith('6') || article.Id == 7), 5);
        await Check(article => true, 0, 1, 2, 3, 4, 5, 6, 7);

        async Task Check(Expression<Func<Article, bool>> filter, params int[] expected)
        {
            (await collection.GetAsync(filter, 100).ToListAsync()).Select(article => article.Id).Should().BeEquivalentTo(expected);
            (await collection.SearchAsync(new float[] { 1, 1, 1, 1 }, 100, new() { Filter = filter }).ToListAsync())
                .Select(result => result.Record.Id).Should().BeEquivalentTo(expected);
        }
    }

    [Fact]
    public async Task Records_are_ordered_skipped_and_cut()
    {
        using QuantizedCollection<int, Article> collection = await Fill();
        FilteredRecordRetrievalOptions<Article> options =
            new() { OrderBy = order => order.Descending(article => article.Tags.Length).Ascending(article => article.Price), Skip = 1 };
        await FluentActions.Awaiting(() => collection.GetAsync(article => true, 3, options).ToListAsync().AsTask()).Should()
            .ThrowAsync<Exception>();
        options.OrderBy = order => order.Descending(article => article.Title).Ascending(article => article.Id);
        await collection.UpsertAsync([New(20, "t5"), New(10, "t5"), New(30, "t9")]);
        (await collection.GetAsync(article => article.Id != 6, 4, options).ToListAsync()).Select(article => article.Id).Should()
            .Equal(7, 5, 10, 20);
    }

    [Fact]
    public async Task Upserting_replaces_and_deleting_leaves_the_others_in_place()
    {
        Random random = new(1);
        using QuantizedCollection<int, Article> collection = new("articles");
        await collection.EnsureCollectionExistsAsync();
        Dictionary<int, Article> expected = [];
        for (int step = 0; step < 3000; step++)
        {
            int id = random.Next(200);
            if (random.Next(3) == 0)
            {
                await collection.DeleteAsync(id);
                expected.Remove(id);
            }
            else
            {
                // Components of full range, so that codes are exact.
                float[] vector = [127, random.Next(-127, 128), random.Next(-127, 128), random.Next(-127, 128)];
                expected[id] = new Article { Id = id, Title = $"{step}", Vector = vector };
                await collection.UpsertAsync(expected[id]);
            }
        }

        collection.Count.Should().Be(expected.Count);
        foreach (int id in Enumerable.Range(0, 200))
        {
            Article? back = await collection.GetAsync(id, new() { IncludeVectors = true });
            (back?.Title, back?.Vector.ToArray()).Should()
                .BeEquivalentTo((expected.GetValueOrDefault(id)?.Title, expected.GetValueOrDefault(id)?.Vector.ToArray()));
        }

        List<VectorSearchResult<Article>> found = await collection.SearchAsync(new float[] { 127, 1, 2, 3 }, 500).ToListAsync();
        found.Select(result => result.Record.Id).Should().BeEquivalentTo(expected.Keys);
    }

    [Fact]
    public async Task A_batch_with_a_bad_record_is_refused_as_a_whole()
    {
        using QuantizedCollection<int, Article> collection = await Fill();
        await FluentActions.Awaiting(() => collection.UpsertAsync([New(100, "a"), new Article { Id = 101, Vector = new float[3] }]))
            .Should().ThrowAsync<ArgumentException>()
            .WithMessage("The vector for 'Vector' has 3 dimensions; the collection's vectors have 4.");
        await FluentActions.Awaiting(
            () => collection.UpsertAsync([New(100, "a"), new Article { Id = 101, Vector = new[] { 1, 2, 3, float.PositiveInfinity } }]))
            .Should().ThrowAsync<ArgumentException>().WithMessage("*not finite*");
        collection.Count.Should().Be(8);
    }

    [Fact]
    public async Task A_collection_that_does_not_exist_takes_and_gives_nothing()
    {
        using QuantizedCollection<int, Article> collection = new("articles");
        (await collection.CollectionExistsAsync()).Should().BeFalse();
        string message = "The collection 'articles' does not exist*";
        await FluentActions.Awaiting(() => collection.UpsertAsync(New(1, "a"))).Should()
            .ThrowAsync<VectorStoreException>().WithMessage(message);
        await FluentActions.Awaiting(() => collection.GetAsync(1)).Should().ThrowAsync<VectorStoreException>().WithMessage(message);
        await FluentActions.Awaiting(() => collection.SearchAsync(new float[4], 1).ToListAsync().AsTask()).Should()
            .ThrowAsync<VectorStoreException>().WithMessage(message);
        await collection.EnsureCollectionExistsAsync();
        await collection.UpsertAsync(New(1, "a"));
        await collection.EnsureCollectionDeletedAsync();
        (await collection.CollectionExistsAsync()).Should().BeFalse();
        await collection.EnsureCollectionExistsAsync();
        collection.Count.Should().Be(0);
        (await collection.SearchAsync(new float[] { 1, 0, 0, 0 }, 1).ToListAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_store_shares_collections_by_name()
    {
        using QuantizedVectorStore store = new();
        VectorStoreCollection<int, Article> first = store.GetCollection<int, Article>("a");
        (await store.CollectionExistsAsync("a")).Should().BeFalse();
        await first.EnsureCollectionExistsAsync();
        await first.UpsertAsync(New(1, "one"));
        (await store.GetCollection<int, Article>("a").GetAsync(1))!.Title.Should().Be("one");
        (await store.ListCollectionNamesAsync().ToListAsync()).Should().Equal("a");
        FluentActions.Invoking(() => store.GetCollection<int, GuidRecord>("a")).Should().Throw<Exception>();
        FluentActions.Invoking(() => store.GetCollection<object, Dictionary<string, object?>>("b")).Should().Throw<ArgumentException>();
        await store.EnsureCollectionDeletedAsync("a");
        (await first.CollectionExistsAsync()).Should().BeFalse();
        first.GetService(typeof(VectorStoreCollectionMetadata)).Should().BeEquivalentTo(
            new VectorStoreCollectionMetadata { VectorStoreSystemName = "quantization", CollectionName = "a" });
        store.GetService(typeof(VectorStoreMetadata)).Should().BeOfType<VectorStoreMetadata>();
        store.GetService(typeof(QuantizedVectorStore)).Should().BeSameAs(store);
    }

    [Fact]
    public async Task Keys_that_are_guids_are_generated()
    {
        using QuantizedCollection<Guid, GuidRecord> collection = new("g");
        await collection.EnsureCollectionExistsAsync();
        GuidRecord record = new() { Vector = [1, 0] };
        await collection.UpsertAsync(record);
        record.Id.Should().NotBe(Guid.Empty);
        (await collection.GetAsync(record.Id)).Should().NotBeNull();
    }

    [Fact]
    public async Task Text_becomes_a_vector_by_the_stores_generator()
    {
        TableGenerator generator = new(("cat", [1, 0.1f]), ("dog", [0.9f, 0.3f]), ("car", [0, 1]), ("pet", [1, 0.2f]));
        using QuantizedVectorStore store = new(new() { EmbeddingGenerator = generator });
        VectorStoreCollection<int, TextRecord> texts = store.GetCollection<int, TextRecord>("texts");
        await texts.EnsureCollectionExistsAsync();
        await texts.UpsertAsync([new() { Id = 1, Text = "cat" }, new() { Id = 2, Text = "dog" }, new() { Id = 3, Text = "car" }]);
        generator.Calls.Should().Be(1);
        (await texts.SearchAsync("pet", 2).ToListAsync()).Select(result => result.Record.Id).Should().BeEquivalentTo([1, 2]);
        await FluentActions.Awaiting(() => texts.UpsertAsync(new TextRecord { Id = 4 })).Should().ThrowAsync<ArgumentException>();
        await FluentActions.Awaiting(() => texts.GetAsync(1, new() { IncludeVectors = true })).Should().ThrowAsync<NotSupportedException>();
    }

    [Fact]
    public void Definitions_that_the_store_has_no_answer_to_are_refused()
    {
        FluentActions.Invoking(() => Vectors.Collection(typeof(float[]), 3, DistanceFunction.ManhattanDistance)).Should()
            .Throw<ArgumentException>()
            .WithMessage("The property 'Vector' has the distance function ManhattanDistance*");
        FluentActions.Invoking(() => Vectors.Collection(typeof(float[]), 3, index: IndexKind.Hnsw)).Should().Throw<ArgumentException>()
            .WithMessage("The property 'Vector' has the index kind Hnsw; use Flat (all codes) or QuantizedFlat (bits first).");
        FluentActions.Invoking(() => Vectors.Collection(typeof(float[]), 65_794)).Should()
            .Throw<ArgumentException>().WithMessage("*takes 1 to 65793*");
        FluentActions.Invoking(() => new QuantizedCollectionOptions { CandidatesPerResult = 0 }).Should()
            .Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public async Task Two_vectors_of_a_record_are_searched_each_by_its_name()
    {
        using QuantizedCollection<int, TwoVectors> collection = new("two");
        await collection.EnsureCollectionExistsAsync();
        await collection.UpsertAsync(
            [new() { Id = 1, First = [1, 0], Second = [0, 1, 0] }, new() { Id = 2, First = [0, 1], Second = [1, 0, 0] }]);
        (await collection.SearchAsync(new float[] { 1, 0 }, 1, new() { VectorProperty = record => record.First }).SingleAsync())
            .Record.Id.Should().Be(1);
        (await collection.SearchAsync(new float[] { 1, 0, 0 }, 1, new() { VectorProperty = record => record.Second }).SingleAsync())
            .Record.Id.Should().Be(2);
        FluentActions.Invoking(() => collection.SearchAsync(new float[] { 1, 0 }, 1)).Should().Throw<InvalidOperationException>();
    }

    internal static Article New(int id, string title) =>
        new() { Id = id, Title = title, Price = id, Tags = id % 2 == 0 ? ["a"] : ["a", "b"], Vector = new float[] { 1, id, 0.5f, -id } };

    internal static async Task<QuantizedCollection<int, Article>> Fill()
    {
        QuantizedCollection<int, Article> collection = new("articles");
        await collection.EnsureCollectionExistsAsync();
        await collection.UpsertAsync(Enumerable.Range(0, 8).Select(id => New(id, $"t{id}")));
        return collection;
    }

    public sealed class GuidRecord
    {
        [VectorStoreKey]
        public Guid Id { get; set; }

        [VectorStoreVector(2)]
        public float[] Vector { get; set; } = [];
    }

    public sealed class TextRecord
    {
        [VectorStoreKey]
        public int Id { get; set; }

        [VectorStoreVector(2)]
        public string? Text { get; set; }
    }

    public sealed class TwoVectors
    {
        [VectorStoreKey]
        public int Id { get; set; }

        [VectorStoreVector(2)]
        public float[] First { get; set; } = [];

        [VectorStoreVector(3)]
        public float[] Second { get; set; } = [];
    }
}
