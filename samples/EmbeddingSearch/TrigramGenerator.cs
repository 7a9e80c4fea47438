using Microsoft.Extensions.AI;

/// <summary>Embeds a text by the three-letter pieces that are in it, so that texts with like words have like vectors.</summary>
internal sealed class TrigramGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    public const int Dimensions = 512;

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(values.Select(text => new Embedding<float>(Embed(text)))));

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private static float[] Embed(string text)
    {
        float[] vector = new float[Dimensions];
        foreach (string word in text.ToUpperInvariant()
            .Split([' ', '.', ','], StringSplitOptions.RemoveEmptyEntries).Where(word => word.Length > 3))
        {
            string padded = $" {word} ";
            for (int i = 0; i + 3 <= padded.Length; i++)
            {
                uint hash = padded.AsSpan(i, 3).ToArray().Aggregate(2166136261u, (sum, letter) => (sum ^ letter) * 16777619u);
                vector[hash % Dimensions]++;
            }
        }

        return vector;
    }
}
