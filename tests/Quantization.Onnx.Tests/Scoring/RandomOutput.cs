namespace Quantization.Onnx.Tests.Scoring;

/// <summary>An output of random values beside a noisy copy.</summary>
internal sealed record RandomOutput(string Name, long[] Shape, float[] Reference, float[] Actual)
{
    /// <param name="name">The output's name.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="areProbabilities">Whether the last axis holds probabilities instead of logits.</param>
    /// <param name="random">The source of values.</param>
    public static RandomOutput Make(string name, long[] shape, bool areProbabilities, Random random)
    {
        int length = (int)shape.Aggregate(1L, (product, axis) => product * axis);
        float[] reference = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() * 8 - 4)];
        float[] actual = [.. reference.Select(value => value + random.NextSingle() * 2 - 1)];
        return areProbabilities
            ? new RandomOutput(name, shape, Softmax(reference, (int)shape[^1]), Softmax(actual, (int)shape[^1]))
            : new RandomOutput(name, shape, reference, actual);
    }

    private static float[] Softmax(float[] values, int classes) =>
        [.. values.Chunk(classes).SelectMany(row => row.Select(value => (float)(Math.Exp(value) / row.Sum(other => Math.Exp(other)))))];
}
