using Microsoft.Extensions.AI;

namespace Quantization.Extensions.AI.Tests.Generators;

/// <summary>A generator that looks vectors up, and keeps what it was asked.</summary>
internal sealed class TableGenerator(params (string Text, float[] Vector)[] table) : IEmbeddingGenerator<string, Embedding<float>>
{
    public static readonly DateTimeOffset Created = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public EmbeddingGenerationOptions? Options { get; private set; }

    public CancellationToken Token { get; private set; }

    public int Calls { get; private set; }

    public bool IsDisposed { get; private set; }

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (Options, Token) = (options, cancellationToken);
        Calls++;
        return Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(values.Select(Embed))
        {
            Usage = new UsageDetails { InputTokenCount = 7 },
            AdditionalProperties = new() { ["batch"] = "b" },
        });
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(EmbeddingGeneratorMetadata) ? new EmbeddingGeneratorMetadata("table", new Uri("http://table"), "model", 4)
        : serviceKey is "key" && serviceType == typeof(string) ? "keyed"
        : serviceKey is null && serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() => IsDisposed = true;

    private Embedding<float> Embed(string text) => new(table.Single(each => each.Text == text).Vector)
    {
        CreatedAt = Created,
        ModelId = "model",
        AdditionalProperties = new() { ["text"] = text },
    };
}
