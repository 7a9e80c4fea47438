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
        const int LeastSearches = 100;
        int readersLeft = 3;
        await Upsert(0);
        // Threads of their own: with fewer cores than loops the pool starts the last of them only after a while.
        Task writer = OnThread(async () =>
        {
            for (int version = 1; Volatile.Read(ref readersLeft) > 0; version++)
            {
                await Upsert(version);
                await collection.UpsertAsync(Enumerable.Range(100, 300).Select(id => Vectors.Record(id, vectors[id % 20], "more")));
                await collection.DeleteAsync(Enumerable.Range(100, 300).Cast<object>());
            }
        });
        Task[] readers = [.. Enumerable.Range(0, readersLeft).Select(_ => OnThread(async () =>
        {
            try
            {
                for (int search = 0; search < LeastSearches; search++)
                {
                    List<VectorSearchResult<Dictionary<string, object?>>> found = await collection
                        .SearchAsync(vectors[search % 20], 20, new() { Filter = record => (string)record["Tag"]! != "more" }).ToListAsync();
                    found.Should().HaveCount(20);
                    found.Select(result => (string)result.Record["Tag"]!).Distinct().Should().ContainSingle();
                }
            }
            finally
            {
                Interlocked.Decrement(ref readersLeft);
            }
        }))];
        await Task.WhenAll([writer, .. readers]);

        static Task OnThread(Func<Task> work) =>
            Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

        Task Upsert(int version) => collection.UpsertAsync(vectors.Select((vector, id) => Vectors.Record(id, vector, $"{version}")));
    }
}
