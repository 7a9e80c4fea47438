using System.Numerics.Tensors;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Quantization.Extensions.AI.Generators;
using Quantization.Extensions.AI.Storage;

namespace Quantization.Extensions.AI;

/// <summary>
/// What a sample of embeddings tells about all of a model: one scale for int8 codes and the mean of each dimension. Immutable. Learn it
/// once, save it, and use it for all embeddings of that model: codes of different calibrations cannot be compared.
/// </summary>
/// <example><code>
/// EmbeddingCalibration calibration = await EmbeddingCalibration.LearnAsync(generator, sentences);
/// calibration.Save("model.calibration.json");
/// IEmbeddingGenerator&lt;string, Embedding&lt;sbyte&gt;&gt; int8 = generator.AsInt8(calibration);
/// </code></example>
public sealed class EmbeddingCalibration
{
    /// <summary>How many inputs <see cref="LearnAsync"/> embeds at once.</summary>
    private const int Batch = 64;

    private readonly float[] _mean;

    /// <param name="scale">What a code counts: real units per code, positive and finite.</param>
    /// <param name="mean">The mean of each dimension; finite.</param>
    /// <exception cref="ArgumentOutOfRangeException">The scale is not positive and finite.</exception>
    /// <exception cref="ArgumentException">There is no mean, or one is not finite.</exception>
    public EmbeddingCalibration(float scale, ReadOnlySpan<float> mean)
    {
        if (!(scale > 0) || !float.IsFinite(scale))
        {
            throw new ArgumentOutOfRangeException(nameof(scale), scale, "A scale must be positive and finite.");
        }

        if (mean.IsEmpty || !TensorPrimitives.IsFiniteAll(mean))
        {
            throw new ArgumentException("The mean needs a finite value for each dimension.", nameof(mean));
        }

        Scale = scale;
        _mean = mean.ToArray();
    }

    /// <summary>What a code counts: real units per code.</summary>
    public float Scale { get; }

    /// <summary>The mean of each dimension: what lies between the two bits of a binary embedding.</summary>
    public ReadOnlyMemory<float> Mean => _mean;

    /// <summary>The dimensions of the embeddings.</summary>
    public int Dimensions => _mean.Length;

    /// <summary>Learns from embeddings; some hundreds serve.</summary>
    /// <param name="embeddings">The embeddings, all of the same dimensions; finite.</param>
    /// <param name="calibrator">
    /// Finds the range of codes; by default <see cref="MseCalibrator"/>, which clips rare large values where this makes the others more
    /// exact.
    /// </param>
    /// <exception cref="ArgumentException">There is no embedding, or all values are 0.</exception>
    /// <exception cref="InvalidDataException">Dimensions differ, or a value is not finite.</exception>
    public static EmbeddingCalibration Learn(IEnumerable<Embedding<float>> embeddings, ICalibrator? calibrator = null)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        EmbeddingSample sample = new();
        foreach (Embedding<float> embedding in embeddings)
        {
            sample.Add(embedding.Vector.Span);
        }

        return sample.ToCalibration(calibrator ?? new MseCalibrator());
    }

    /// <summary>Embeds inputs and learns from what comes out.</summary>
    /// <typeparam name="TInput">What is embedded.</typeparam>
    /// <param name="generator">The generator; with <c>WithDimensions</c> where dimensions are cut.</param>
    /// <param name="values">The inputs; some hundreds that are like those to come.</param>
    /// <param name="calibrator">Finds the range of codes, as for <see cref="Learn"/>.</param>
    /// <param name="cancellationToken">Stops the work between batches, and a batch where the generator obeys it.</param>
    /// <exception cref="ArgumentException">There is no input, or all values are 0.</exception>
    /// <exception cref="InvalidDataException">Dimensions differ, or a value is not finite.</exception>
    public static async Task<EmbeddingCalibration> LearnAsync<TInput>(
        IEmbeddingGenerator<TInput, Embedding<float>> generator,
        IEnumerable<TInput> values,
        ICalibrator? calibrator = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(values);
        EmbeddingSample sample = new();
        foreach (TInput[] batch in values.Chunk(Batch))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (Embedding<float> embedding in await generator.GenerateAsync(batch, null, cancellationToken).ConfigureAwait(false))
            {
                sample.Add(embedding.Vector.Span);
            }
        }

        return sample.ToCalibration(calibrator ?? new MseCalibrator());
    }

    /// <summary>Writes the calibration as JSON. The file appears whole or not at all.</summary>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => WholeFile.Write(path, stream => EmbeddingCalibrationFile.Write(stream, this));

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is no calibration, is damaged, or is of a newer version.</exception>
    public static EmbeddingCalibration Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using FileStream file = WholeFile.OpenRead(path);
        try
        {
            return EmbeddingCalibrationFile.Read(file);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or ArgumentException)
        {
            throw new InvalidDataException($"{path}: {e.Message} Learn the calibration again and save it.", e);
        }
    }
}
