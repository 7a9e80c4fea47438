using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;
using Quantization.Extensions.AI;

namespace Quantization.Examples;

internal static class VectorStoreExample
{
    public static async Task RunAsync()
    {
        using IEmbeddingGenerator<string, Embedding<float>> generator = new LetterGenerator();
        using QuantizedCollection<int, Article> articles = new(
            "articles", new QuantizedCollectionOptions { EmbeddingGenerator = generator });
        await articles.EnsureCollectionExistsAsync();
        await articles.UpsertAsync([new Article { Id = 1, Text = "a red cat" }, new Article { Id = 2, Text = "thunderstorms" }]);
        await foreach (VectorSearchResult<Article> found in articles.SearchAsync("cats", top: 1))
        {
            Console.WriteLine(found.Record.Text); // a red cat
        }

        articles.Save("articles.bin");
        using QuantizedCollection<int, Article> loaded = new("articles", new QuantizedCollectionOptions { EmbeddingGenerator = generator });
        loaded.Load("articles.bin"); // vectors stay in the file until a search reads them
        await loaded.DeleteAsync(2);
    }

    public static async Task QuantizeAsync(IEmbeddingGenerator<string, Embedding<float>> generator, string[] sentences)
    {
        EmbeddingCalibration calibration = await EmbeddingCalibration.LearnAsync(generator, sentences);
        calibration.Save("model.calibration.json");
        IEmbeddingGenerator<string, Embedding<sbyte>> int8 = generator.AsInt8(EmbeddingCalibration.Load("model.calibration.json"));
        IEmbeddingGenerator<string, Embedding<sbyte>> scaled = generator.AsInt8(); // a scale each, in AdditionalProperties
        IEmbeddingGenerator<string, BinaryEmbedding> bits = generator.AsBinary(calibration);
        IEmbeddingGenerator<string, Embedding<Half>> halves = generator.WithDimensions(256).AsHalf();
        Console.WriteLine((await int8.GenerateVectorAsync("a red cat")).Length);
        _ = (scaled, bits, halves);
    }
}
