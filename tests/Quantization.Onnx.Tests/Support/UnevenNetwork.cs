namespace Quantization.Onnx.Tests;

/// <summary>
/// A small network whose layers are unequally sensitive: in some, one output channel is much larger than the others, and the next layer
/// makes up for it. The float network does not notice; a scale for the whole tensor does.
/// </summary>
internal static class UnevenNetwork
{
    public const int Width = 12;

    /// <summary>The layer's names.</summary>
    public static string[] Layers(int depth) => [.. Enumerable.Range(1, depth).Select(layer => $"h{layer}-node")];

    /// <summary>Gemm and Relu in turn, the last without Relu.</summary>
    /// <param name="seed">The weights.</param>
    /// <param name="factors">How much larger one channel of each layer is; the last must be 1.</param>
    public static ModelBuilder Build(int seed, params double[] factors)
    {
        Random random = new(seed);
        ModelBuilder model = new ModelBuilder().Input("x", -1, Width).Output($"h{factors.Length}", -1, Width);
        int[] uneven = [.. factors.Select(_ => random.Next(Width))];
        string input = "x";
        for (int layer = 1; layer <= factors.Length; layer++)
        {
            float[] weights = RandomTensors.Normal(seed * 100 + layer, Width * Width, Math.Sqrt(2.0 / Width));
            float[] bias = RandomTensors.Normal(seed * 100 + 50 + layer, Width, 0.1);
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i] *= i % Width == uneven[layer - 1] ? (float)factors[layer - 1] : 1;
                weights[i] /= layer > 1 && i / Width == uneven[layer - 2] ? (float)factors[layer - 2] : 1;
            }

            bias[uneven[layer - 1]] *= (float)factors[layer - 1];
            model.Constant($"w{layer}", weights, Width, Width)
                .Constant($"b{layer}", bias, Width).Node("Gemm", [input, $"w{layer}", $"b{layer}"], $"h{layer}");
            input = $"h{layer}";
            if (layer < factors.Length)
            {
                model.Node("Relu", [input], $"r{layer}");
                input = $"r{layer}";
            }
        }

        return model;
    }
}
