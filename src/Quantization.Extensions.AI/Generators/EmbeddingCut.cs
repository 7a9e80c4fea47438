namespace Quantization.Extensions.AI.Generators;

/// <summary>Cuts a vector to its first dimensions.</summary>
internal static class EmbeddingCut
{
    /// <summary>The first values, divided by their norm.</summary>
    /// <exception cref="InvalidDataException">The vector has fewer dimensions, or a value is not finite.</exception>
    public static float[] Cut(ReadOnlyMemory<float> vector, int dimensions, int index)
    {
        if (vector.Length < dimensions)
        {
            throw new InvalidDataException(
                $"Embedding {index} has {vector.Length} dimensions and cannot be cut to {dimensions}; ask for at most {vector.Length}.");
        }

        EmbeddingChecks.ThrowUnlessFinite(vector.Span, index);
        float[] cut = vector.Span[..dimensions].ToArray();

        // In double precision: squares of tiny or huge floats leave the range of float.
        double squares = 0;
        foreach (float value in cut)
        {
            squares += (double)value * value;
        }

        double norm = Math.Sqrt(squares);
        for (int i = 0; i < cut.Length && norm > 0; i++)
        {
            cut[i] = (float)(cut[i] / norm);
        }

        return cut;
    }
}
