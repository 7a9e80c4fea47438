using Microsoft.Extensions.AI;

namespace Quantization.Extensions.AI.Generators;

/// <summary>
/// A generator that converts what another one generates. <see cref="DelegatingEmbeddingGenerator{TInput, TEmbedding}"/> does not serve
/// here, since it keeps the type of embeddings; this follows its conventions.
/// </summary>
/// <typeparam name="TInput">What is embedded.</typeparam>
/// <typeparam name="TEmbedding">The embeddings that come out.</typeparam>
/// <param name="inner">The generator of floats.</param>
/// <param name="convert">Makes an embedding from a vector and its number in the batch.</param>
internal sealed class ConvertingGenerator<TInput, TEmbedding>(
    IEmbeddingGenerator<TInput, Embedding<float>> inner, Func<ReadOnlyMemory<float>, int, TEmbedding> convert)
    : IEmbeddingGenerator<TInput, TEmbedding>
    where TEmbedding : Embedding
{
    /// <summary>The dimensions of the embeddings where they were cut.</summary>
    public int? Dimensions { get; init; }

    /// <summary>The calibration that gives the scale, where there is one.</summary>
    public EmbeddingCalibration? Calibration { get; init; }

    /// <inheritdoc/>
    public async Task<GeneratedEmbeddings<TEmbedding>> GenerateAsync(
        IEnumerable<TInput> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        GeneratedEmbeddings<Embedding<float>> source = await inner.GenerateAsync(values, options, cancellationToken).ConfigureAwait(false);
        GeneratedEmbeddings<TEmbedding> result = new(source.Count)
        {
            Usage = source.Usage,
            AdditionalProperties = source.AdditionalProperties,
        };
        for (int i = 0; i < source.Count; i++)
        {
            Embedding<float> embedding = source[i];
            TEmbedding converted = convert(embedding.Vector, i);
            converted.CreatedAt = embedding.CreatedAt;
            converted.ModelId = embedding.ModelId;
            converted.AdditionalProperties = Join(embedding.AdditionalProperties, converted.AdditionalProperties);
            result.Add(converted);
        }

        return result;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is null && serviceType.IsInstanceOfType(this))
        {
            return this;
        }

        if (serviceKey is null && Calibration is not null && serviceType.IsInstanceOfType(Calibration))
        {
            return Calibration;
        }

        object? service = inner.GetService(serviceType, serviceKey);
        return service is EmbeddingGeneratorMetadata metadata && Dimensions is int dimensions
            ? new EmbeddingGeneratorMetadata(metadata.ProviderName, metadata.ProviderUri, metadata.DefaultModelId, dimensions)
            : service;
    }

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();

    /// <summary>
    /// The model's properties of an embedding, and those that quantizing adds. The model's own dictionary stays as it is.
    /// </summary>
    private static AdditionalPropertiesDictionary? Join(AdditionalPropertiesDictionary? first, AdditionalPropertiesDictionary? second)
    {
        if (first is null || second is null)
        {
            return first ?? second;
        }

        AdditionalPropertiesDictionary joined = first.Clone();
        foreach (KeyValuePair<string, object?> property in second)
        {
            joined[property.Key] = property.Value;
        }

        return joined;
    }
}
