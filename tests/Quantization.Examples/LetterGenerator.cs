using Microsoft.Extensions.AI;

namespace Quantization.Examples;

/// <summary>Stands for a model: how often each letter is in a text.</summary>
internal sealed class LetterGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(values.Select(text =>
            new Embedding<float>(
                Enumerable.Range('a', 26).Select(letter => (float)text.Count(character => character == letter)).ToArray()))));

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
