using System.Globalization;

namespace Quantization.Extensions.AI.Generators;

/// <summary>What embeddings must be before they are quantized.</summary>
internal static class EmbeddingChecks
{
    /// <exception cref="InvalidDataException">The dimensions differ.</exception>
    public static void ThrowUnlessDimensions(int dimensions, int expected, int index)
    {
        if (dimensions != expected)
        {
            throw new InvalidDataException(
                $"Embedding {index} has {dimensions} dimensions, but the calibration is for {expected}; use the "
                    + "calibration of this model.");
        }
    }

    /// <exception cref="InvalidDataException">A value is not finite.</exception>
    public static void ThrowUnlessFinite(ReadOnlySpan<float> vector, int index)
    {
        for (int i = 0; i < vector.Length; i++)
        {
            if (!float.IsFinite(vector[i]))
            {
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Embedding {index} has the value {vector[i]} in dimension {i}; codes need finite values."));
            }
        }
    }
}
