using System.Collections;
using System.Numerics.Tensors;
using Microsoft.Extensions.AI;
using Quantization.Extensions.AI.Generators;

namespace Quantization.Extensions.AI;

/// <summary>
/// Turns a generator of float embeddings into one of codes. Inputs, options and services reach the generator that is wrapped; usage,
/// metadata and additional properties come back. Disposing a wrapper disposes what it wraps.
/// </summary>
/// <example><code>
/// IEmbeddingGenerator&lt;string, Embedding&lt;sbyte&gt;&gt; int8 = generator.WithDimensions(256).AsInt8();
/// </code></example>
public static class QuantizedEmbeddings
{
    /// <summary>
    /// The key in <see cref="Embedding.AdditionalProperties"/> of an int8 embedding's scale, a <see cref="float"/>: a code times the scale
    /// is the value.
    /// </summary>
    public const string ScaleKey = "quantization.scale";

    /// <summary>
    /// Cuts embeddings to their first dimensions and makes them unit vectors again, for models whose first dimensions tell most (Matryoshka
    /// embeddings). A vector of zeros stays as it is. In a pipeline: <c>builder.Use(inner =&gt; inner.WithDimensions(256))</c>.
    /// </summary>
    /// <typeparam name="TInput">What is embedded.</typeparam>
    /// <param name="generator">The generator of whole embeddings.</param>
    /// <param name="dimensions">How many dimensions stay.</param>
    /// <returns>A generator that throws <see cref="InvalidDataException"/> where an embedding has fewer dimensions.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimensions"/> is not positive.</exception>
    public static IEmbeddingGenerator<TInput, Embedding<float>> WithDimensions<TInput>(
        this IEmbeddingGenerator<TInput, Embedding<float>> generator, int dimensions)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimensions);
        return new ConvertingGenerator<TInput, Embedding<float>>(
            generator, (vector, index) => new Embedding<float>(EmbeddingCut.Cut(vector, dimensions, index))) { Dimensions = dimensions };
    }

    /// <summary>
    /// Quantizes embeddings to int8, each with a scale of its own: the largest magnitude becomes 127. The scale is in
    /// <see cref="Embedding.AdditionalProperties"/> under <see cref="ScaleKey"/>. Cosines need no scale.
    /// </summary>
    /// <typeparam name="TInput">What is embedded.</typeparam>
    /// <param name="generator">The generator of floats.</param>
    /// <returns>A generator that throws <see cref="InvalidDataException"/> where a value is not finite.</returns>
    public static IEmbeddingGenerator<TInput, Embedding<sbyte>> AsInt8<TInput>(
        this IEmbeddingGenerator<TInput, Embedding<float>> generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        return new ConvertingGenerator<TInput, Embedding<sbyte>>(generator, ToInt8);

        static Embedding<sbyte> ToInt8(ReadOnlyMemory<float> vector, int index)
        {
            EmbeddingChecks.ThrowUnlessFinite(vector.Span, index);
            sbyte[] codes = new sbyte[vector.Length];
            Span<float> scale = [1];
            if (codes.Length > 0)
            {
                QuantizationPrimitives.DynamicQuantizeRows(vector.Span, codes.Length, codes.AsSpan(), scale);
            }

            return new Embedding<sbyte>(codes) { AdditionalProperties = new() { [ScaleKey] = scale[0] } };
        }
    }

    /// <summary>
    /// Quantizes embeddings to int8, all with the scale of a calibration, so that codes of different embeddings can be compared by any
    /// distance. Values beyond its range get the outermost codes.
    /// </summary>
    /// <typeparam name="TInput">What is embedded.</typeparam>
    /// <param name="generator">The generator of floats.</param>
    /// <param name="calibration">What was learned from a sample of embeddings. <c>GetService</c> of the result gives it.</param>
    /// <returns>
    /// A generator that throws <see cref="InvalidDataException"/> where an embedding has other dimensions than the calibration or a value
    /// is not finite.
    /// </returns>
    public static IEmbeddingGenerator<TInput, Embedding<sbyte>> AsInt8<TInput>(
        this IEmbeddingGenerator<TInput, Embedding<float>> generator, EmbeddingCalibration calibration)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(calibration);
        return new ConvertingGenerator<TInput, Embedding<sbyte>>(generator, ToInt8) { Calibration = calibration };

        Embedding<sbyte> ToInt8(ReadOnlyMemory<float> vector, int index)
        {
            EmbeddingChecks.ThrowUnlessDimensions(vector.Length, calibration.Dimensions, index);
            EmbeddingChecks.ThrowUnlessFinite(vector.Span, index);
            sbyte[] codes = new sbyte[vector.Length];
            QuantizationPrimitives.Quantize(vector.Span, calibration.Scale, (sbyte)0, codes.AsSpan());
            return new Embedding<sbyte>(codes);
        }
    }

    /// <summary>
    /// Quantizes embeddings to one bit per dimension: set where the value is at least the mean. Bit 0 of the <see cref="BitArray"/> is
    /// dimension 0, which is the leftmost digit in JSON and in pgvector's type <c>bit</c>.
    /// </summary>
    /// <typeparam name="TInput">What is embedded.</typeparam>
    /// <param name="generator">The generator of floats.</param>
    /// <param name="mean">
    /// The mean of the embeddings, a value for each dimension; empty for zeros.
    /// </param>
    /// <returns>
    /// A generator that throws <see cref="InvalidDataException"/> where an embedding has other dimensions than the mean or a value is not
    /// finite.
    /// </returns>
    /// <exception cref="ArgumentException">A mean is not finite.</exception>
    public static IEmbeddingGenerator<TInput, BinaryEmbedding> AsBinary<TInput>(
        this IEmbeddingGenerator<TInput, Embedding<float>> generator, ReadOnlyMemory<float> mean)
    {
        ArgumentNullException.ThrowIfNull(generator);
        if (!mean.IsEmpty && !TensorPrimitives.IsFiniteAll(mean.Span))
        {
            throw new ArgumentException("The mean has a value that is not finite; bits need finite means.", nameof(mean));
        }

        float[] offsets = mean.ToArray();
        return new ConvertingGenerator<TInput, BinaryEmbedding>(generator, ToBits);

        BinaryEmbedding ToBits(ReadOnlyMemory<float> vector, int index)
        {
            if (offsets.Length > 0)
            {
                EmbeddingChecks.ThrowUnlessDimensions(vector.Length, offsets.Length, index);
            }

            EmbeddingChecks.ThrowUnlessFinite(vector.Span, index);
            byte[] bits = new byte[CodeFormat.UInt1.GetByteCount(vector.Length)];
            if (bits.Length > 0)
            {
                QuantizationPrimitives.QuantizeSigns(vector.Span, vector.Length, bits, offsets: offsets);
            }

            return new BinaryEmbedding(new BitArray(bits) { Length = vector.Length });
        }
    }

    /// <summary>
    /// Quantizes embeddings to one bit per dimension: set where the value is at least 0, which serves where values lie on both sides of 0.
    /// </summary>
    /// <typeparam name="TInput">What is embedded.</typeparam>
    /// <param name="generator">The generator of floats.</param>
    /// <returns>A generator that throws <see cref="InvalidDataException"/> where a value is not finite.</returns>
    public static IEmbeddingGenerator<TInput, BinaryEmbedding> AsBinary<TInput>(
        this IEmbeddingGenerator<TInput, Embedding<float>> generator) => generator.AsBinary(ReadOnlyMemory<float>.Empty);

    /// <summary>Quantizes embeddings to one bit per dimension, with the mean of a calibration.</summary>
    /// <typeparam name="TInput">What is embedded.</typeparam>
    /// <param name="generator">The generator of floats.</param>
    /// <param name="calibration">What was learned from a sample of embeddings.</param>
    /// <returns>
    /// A generator as <see cref="AsBinary{TInput}(IEmbeddingGenerator{TInput, Embedding{float}}, ReadOnlyMemory{float})"/> gives.
    /// </returns>
    public static IEmbeddingGenerator<TInput, BinaryEmbedding> AsBinary<TInput>(
        this IEmbeddingGenerator<TInput, Embedding<float>> generator, EmbeddingCalibration calibration)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        return generator.AsBinary(calibration.Mean);
    }

    /// <summary>Rounds embeddings to 16-bit floats, half the bytes.</summary>
    /// <typeparam name="TInput">What is embedded.</typeparam>
    /// <param name="generator">The generator of floats.</param>
    /// <returns>A generator that throws <see cref="InvalidDataException"/> where a value is not finite as a 16-bit float.</returns>
    public static IEmbeddingGenerator<TInput, Embedding<Half>> AsHalf<TInput>(
        this IEmbeddingGenerator<TInput, Embedding<float>> generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        return new ConvertingGenerator<TInput, Embedding<Half>>(generator, ToHalf);

        static Embedding<Half> ToHalf(ReadOnlyMemory<float> vector, int index)
        {
            Half[] halves = new Half[vector.Length];
            TensorPrimitives.ConvertToHalf(vector.Span, halves);
            if (halves.Length > 0 && !TensorPrimitives.IsFiniteAll<Half>(halves))
            {
                throw new InvalidDataException(
                    $"Embedding {index} has a value that is no finite 16-bit float; keep floats, or use a model with values up to 65504.");
            }

            return new Embedding<Half>(halves);
        }
    }
}
