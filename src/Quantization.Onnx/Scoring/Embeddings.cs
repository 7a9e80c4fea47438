using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>Takes embeddings, of length 1, from the outputs of samples.</summary>
/// <param name="source">Where they come from.</param>
internal sealed class Embeddings(EmbeddingOutput source)
{
    /// <summary>The embeddings of a sample, one for each row of its batch.</summary>
    /// <param name="sample">The sample's outputs.</param>
    /// <exception cref="InvalidDataException">The output does not hold embeddings, or the mask does not fit it.</exception>
    public IReadOnlyList<(float[] Actual, float[] Reference)> Of(SampleOutputs sample)
    {
        if (!sample.Names.Contains(source.Output))
        {
            throw new InvalidDataException(
                $"The model has no output '{source.Output}' of floats to take embeddings from; it has "
                + $"{string.Join(", ", sample.Names.Select(name => $"'{name}'"))}.");
        }

        long[] shape = sample.GetShape(source.Output).ToArray();
        if (shape.Length is not (2 or 3) || shape.Contains(0))
        {
            throw new InvalidDataException(
                $"{sample.Sample.Name}: output '{source.Output}' has the shape {SampleShape.Format(shape)}, but embeddings need "
                + "[batch, sequence, width] or [batch, width]; name another output.");
        }

        int width = (int)shape[^1], positions = shape.Length == 3 ? (int)shape[1] : 1;
        bool[]? mask = shape.Length == 3 ? ReadMask(sample.Sample, (int)shape[0] * positions) : null;
        List<(float[] Actual, float[] Reference)> found = [];
        for (int row = 0; row < shape[0]; row++)
        {
            ReadOnlySpan<bool> counts = mask is null ? [] : mask.AsSpan(row * positions, positions);
            int start = row * positions * width, length = positions * width;
            found.Add((
                Pool(sample.GetValues(source.Output).Slice(start, length), width, counts),
                Pool(sample.GetReference(source.Output).Slice(start, length), width, counts)));
        }

        return found;
    }

    /// <summary>The mean of the rows that count, brought to length 1. Where none counts, all do.</summary>
    private static float[] Pool(ReadOnlySpan<float> values, int width, ReadOnlySpan<bool> counts)
    {
        float[] sum = new float[width];
        bool all = !counts.Contains(true);
        for (int i = 0; i < values.Length / width; i++)
        {
            if (all || counts[i])
            {
                TensorPrimitives.Add(sum, values.Slice(i * width, width), sum);
            }
        }

        float length = TensorPrimitives.Norm<float>(sum);
        if (length > 0)
        {
            TensorPrimitives.Divide(sum, length, sum);
        }

        return sum;
    }

    private bool[]? ReadMask(ModelSample sample, int positions)
    {
        if (source.Mask is null || Array.Find(sample.Inputs.ToArray(), input => input.Name == source.Mask) is not { } mask)
        {
            return null;
        }

        bool[] counts = Read(mask);
        return counts.Length == positions ? counts : throw new InvalidDataException(
            $"{sample.Name}: input '{source.Mask}' has {counts.Length} values, but output '{source.Output}' has {positions} positions; "
            + "name the input that masks them.");
    }

    /// <summary>Whether each value is anything but 0: in every type of ONNX, 0 is the value whose bytes are 0.</summary>
    private static bool[] Read(SampleTensor mask)
    {
        byte[] bytes = mask.Data.ToArray();
        int size = SampleElementType.SizeOf(mask.ElementType);
        return [.. Enumerable.Range(0, bytes.Length / size).Select(i => bytes.AsSpan(i * size, size).ContainsAnyExcept((byte)0))];
    }
}
