// Searches sentences by meaning, with vectors kept as one bit per value and int8 codes. In a project of your own:
//   dotnet add package Quantization.Extensions.AI
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;
using Quantization.Extensions.AI;
using Quantization.Samples;

string[] sentences =
[
    "A red cat sleeps on the warm roof.", "Cats and dogs live in the same house.", "The stock market fell on Monday.",
    "Investors sold shares of banks.", "Thunderstorms are expected in the evening.", "It will rain and storm tonight.",
    "The recipe needs flour, eggs and sugar.", "Bake the cake for forty minutes.", "The train to the coast leaves at nine.",
    "Trains are late because of snow.",
];

// Stands for a model: any IEmbeddingGenerator<string, Embedding<float>> takes its place, such as that of OpenAI, Ollama or ONNX Runtime.
using TrigramGenerator generator = new();

using QuantizedCollection<int, Sentence> collection = new("sentences", new QuantizedCollectionOptions { EmbeddingGenerator = generator });
await collection.EnsureCollectionExistsAsync();
await collection.UpsertAsync(sentences.Select((text, id) => new Sentence { Id = id, Text = text, Length = text.Length }));

List<string> found = await SearchAsync("cats on the roof", new VectorSearchOptions<Sentence>());
Expect.True(found[0] == sentences[0], "the nearest sentence is about the cat on the roof");
found = await SearchAsync("trains and snow", new VectorSearchOptions<Sentence> { Filter = sentence => sentence.Length < 35 });
Expect.True(found[0] == sentences[9], "the nearest short sentence is about late trains");

// A collection is saved whole; loading maps the vectors, so a search reads only what it needs.
string path = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.bin");
collection.Save(path);
using (QuantizedCollection<int, Sentence> loaded = new("sentences", new QuantizedCollectionOptions { EmbeddingGenerator = generator }))
{
    loaded.Load(path);
    Console.WriteLine($"{loaded.Count} sentences in a file of {new FileInfo(path).Length} bytes; floats alone would take "
        + $"{loaded.Count * TrigramGenerator.Dimensions * sizeof(float)}");
    Expect.True(loaded.Count == sentences.Length, "all sentences come back");
}

File.Delete(path);

async Task<List<string>> SearchAsync(string query, VectorSearchOptions<Sentence> options)
{
    List<string> texts = [];
    Console.WriteLine(query);
    await foreach (VectorSearchResult<Sentence> result in collection.SearchAsync(query, 2, options))
    {
        Console.WriteLine($"  {result.Score:0.00} {result.Record.Text}");
        texts.Add(result.Record.Text);
    }

    return texts;
}
