using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests;

/// <summary>
/// A small encoder that takes batches with padding. All its numbers are small integers, so that sums are exact in any order: what it
/// computes of a sentence is the same, bit for bit, alone and in a padded batch.
/// </summary>
internal static class PaddedModel
{
    public const int Width = 12, Vocabulary = 40;

    /// <summary>
    /// The values that quantization observes, whose axes are [batch, sequence, width] or [batch · sequence, width] or [batch, width].
    /// </summary>
    public const string Rows = "x", Flat = "flat", Pooled = "pooled";

    /// <summary>The model.</summary>
    /// <param name="batch">The batch axis; a negative length is free.</param>
    /// <param name="sequence">The sequence axis.</param>
    public static ModelBuilder Make(long batch = -1, long sequence = -1)
    {
        ModelBuilder model = new ModelBuilder().Input("ids", batch, sequence).Input("attention_mask", batch, sequence)
            .Output("y", batch, Width);
        foreach (ValueInfoProto input in model.Graph.Input)
        {
            input.Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Int64;
        }

        model.Graph.Output[0].Type.TensorType.Shape = null;
        return model.Constant("table", Small(1, Vocabulary * Width, 7), Vocabulary, Width)
            .Constant("w1", Small(2, Width * Width, 3), Width, Width)
            .Constant("w2", Small(3, Width * Width, 3), Width, Width)
            .Constant("w3", Small(4, Width * Width, 3), Width, Width)
            .Integers("together", -1, Width).Integers("last", 2).Integers("middle", 1)
            .Node("Gather", ["table", "ids"], Rows).Node("MatMul", [Rows, "w1"], "a").Node("Reshape", ["a", "together"], "r")
            .Node("Abs", ["r"], Flat).Node("MatMul", [Flat, "w2"], "b")
            .Node("Shape", [Rows], "shape").Node("Reshape", ["b", "shape"], "c")
            .Node("Cast", ["attention_mask"], "real", ModelBuilder.Int("to", (long)TensorProto.Types.DataType.Float))
            .Node("Unsqueeze", ["real", "last"], "factors")
            .Node("Mul", ["c", "factors"], "d")
            .Node("ReduceSum", ["d", "middle"], Pooled, ModelBuilder.Int("keepdims", 0))
            .Node("MatMul", [Pooled, "w3"], "y");
    }

    /// <summary>Sentences as one batch, padded at the end with the token 0.</summary>
    public static ModelSample Pad(int length, params long[][] sentences)
    {
        long[] shape = [sentences.Length, length];
        return new ModelSample(
            "padded",
            SampleTensor.Create<long>(
                "ids", [.. sentences.SelectMany(sentence => sentence.Concat(new long[length - sentence.Length]))], shape),
            SampleTensor.Create<long>(
                "attention_mask",
                [.. sentences.SelectMany(sentence => Enumerable.Range(0, length).Select(i => i < sentence.Length ? 1L : 0))],
                shape));
    }

    /// <summary>Sentences that do not hold the token 0.</summary>
    public static long[][] Sentences(params int[] lengths) =>
        [.. lengths.Select((length, i) => Enumerable.Range(1, length).Select(k => 1 + (i * 17L + k * 5L) % (Vocabulary - 1)).ToArray())];

    /// <summary>Integers around 0. The first row is far larger: it belongs to the padding.</summary>
    private static float[] Small(int seed, int count, int most)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(i => (float)random.Next(-most, most + 1) * (most == 7 && i < Width ? 100 : 1))];
    }
}
