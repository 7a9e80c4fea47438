using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx.Tests.Golden;

/// <summary>Samples of random values for the inputs of any model.</summary>
internal static class RandomInputs
{
    private const int Samples = 4;

    /// <summary>Makes samples.</summary>
    /// <param name="path">The model.</param>
    /// <param name="scale">The standard deviation of floats.</param>
    /// <param name="freeLength">The length of free axes behind the first; the first is 1 long.</param>
    public static SampleList Make(string path, double scale = 1, int freeLength = 8)
    {
        using InferenceSession session = new(path);
        return new SampleList(
        [
            .. Enumerable.Range(0, Samples).Select(i => new ModelSample(
                $"sample {i}",
                [
                    .. session.InputMetadata.OrderBy(input => input.Key, StringComparer.Ordinal)
                        .Select(input => Make(input.Key, input.Value, i, scale, freeLength)),
                ])),
        ]);
    }

    private static SampleTensor Make(string name, NodeMetadata input, int seed, double scale, int freeLength)
    {
        long[] shape = [.. input.Dimensions.Select((length, axis) => length > 0 ? length : axis == 0 ? 1L : freeLength)];
        int count = (int)shape.Aggregate(1L, (a, b) => a * b);
        return input.ElementDataType switch
        {
            TensorElementType.Float => SampleTensor.Create<float>(name, RandomTensors.Normal(1000 + seed, count, scale), shape),
            TensorElementType.Int64 when name.Contains("mask", StringComparison.Ordinal) =>
                SampleTensor.Create<long>(name, [.. Enumerable.Repeat(1L, count)], shape),
            TensorElementType.Int64 when name.Contains("type", StringComparison.Ordinal) =>
                SampleTensor.Create<long>(name, new long[count], shape),
            TensorElementType.Int64 => SampleTensor.Create<long>(name, EncoderModel.Numbers(seed, count, 30_000), shape),
            _ => throw new NotSupportedException($"{name} is of {input.ElementDataType}."),
        };
    }
}
