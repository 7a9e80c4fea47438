using Microsoft.Extensions.VectorData;

namespace Quantization.Extensions.AI.Tests.Store;

public class ConcurrencyTests
{
    [Fact]
    public async Task Readers_see_all_of_a_batch_or_nothing_of_it()
    {
        using QuantizedDynamicCollection collection = Vectors.Collection(typeof(float[]), 16, null, IndexKind.QuantizedFlat);
        await collection.EnsureCollectionExistsAsync();
        float[][] vectors = Vectors.Clustered(20, 16, 4, 1);
        using CancellationTokenSource stop = new(TimeSpan.FromSeconds(1));
        await Upsert(0);
        Task writer = Task.Run(async () =>
        {
            for (int version = 1; !stop.IsCancellationRequested; version++)
            {
                await Upsert(version);
                await collection.UpsertAsync(Enumerable.Range(100, 300).Select(id => Vectors.Record(id, vectors[id % 20], "more")));
                await collection.DeleteAsync(Enumerable.Range(100, 300).Cast<object>());
            }
        });
        Task<int>[] readers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            int searches = 0;
            while (!stop.IsCancellationRequested)
            {
                List<VectorSearchResult<Dictionary<string, object?>>> found = await collection
                    .SearchAsync(vectors[searches % 20], 20, new() { Filter = record => (string)record["Tag"]! != "more" }).ToListAsync();
                found.Should().HaveCount(20);
                found.Select(result => (string)result.Record["Tag"]!).Distinct().Should().ContainSingle();
                searches++;
            }

            return searches;
        }))];
        await writer;
        (await Task.WhenAll(readers)).Should().OnlyContain(searches => searches > 0);

        Task Upsert(int version) => collection.UpsertAsync(vectors.Select((vector, id) => Vectors.Record(id, vector, $"{version}")));
    }
}
