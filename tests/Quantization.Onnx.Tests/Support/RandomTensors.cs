namespace Quantization.Onnx.Tests;

/// <summary>Pseudo-random values that are the same on every run.</summary>
internal static class RandomTensors
{
    /// <summary>Normally distributed values.</summary>
    public static float[] Normal(int seed, int count, double scale = 1)
    {
#pragma warning disable CA5394 // nothing secret here
        Random random = new(seed);
        return [.. Enumerable.Range(0, count)
            .Select(_ => (float)(scale * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
#pragma warning restore CA5394
    }

    /// <summary>Samples of one input <c>x</c>.</summary>
    public static SampleList Samples(int count, params long[] shape)
    {
        int length = (int)shape.Aggregate((a, b) => a * b);
        return new SampleList([.. Enumerable.Range(0, count)
            .Select(i => new ModelSample($"sample {i}", SampleTensor.Create<float>("x", Normal(1000 + i, length), shape)))]);
    }
}
