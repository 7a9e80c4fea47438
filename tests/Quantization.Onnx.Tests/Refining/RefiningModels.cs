using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Refining;

/// <summary>Models of which one spot costs nearly all accuracy.</summary>
internal static class RefiningModels
{
    /// <summary>A convolution whose channels reach to 0.02 and to 200, undone in the depthwise one that reads them.</summary>
    public static ModelBuilder Uneven()
    {
        float[] factors = [200, 1, 0.02f, 20];
        float[] first = RandomTensors.Normal(1, 4 * 3 * 9, 0.2), second = RandomTensors.Normal(2, 4 * 9, 0.3);
        return GraphCases.Image()
            .Constant("w", [.. first.Select((weight, i) => weight * factors[i / 27])], 4, 3, 3, 3)
            .Node("Conv", ["x", "w"], "a")
            .Node("Relu", ["a"], "r")
            .Constant("v", [.. second.Select((weight, i) => weight / factors[i / 9])], 4, 1, 3, 3)
            .Node("Conv", ["r", "v"], "d", ModelBuilder.Int("group", 4))
            .Conv("d", "y", 4, 2).Output("y", 1, 2, 4, 4);
    }

    /// <summary>The same with Sigmoid between, which no factor passes, before six ordinary convolutions.</summary>
    public static ModelBuilder Swish()
    {
        float[] factors = [200, 1, 0.02f, 20];
        float[] first = RandomTensors.Normal(1, 4 * 3, 0.2), second = RandomTensors.Normal(2, 4 * 9, 0.3);
        ModelBuilder model = GraphCases.Image()
            .Constant("w", [.. first.Select((weight, i) => weight * factors[i / 3])], 4, 3, 1, 1).Node("Conv", ["x", "w"], "a", [])
            .Node("Sigmoid", ["a"], "s").Node("Mul", ["a", "s"], "m")
            .Constant("v", [.. second.Select((weight, i) => weight / factors[i / 9])], 4, 1, 3, 3)
            .Node("Conv", ["m", "v"], "c0", ModelBuilder.Int("group", 4), ModelBuilder.Ints("pads", 1, 1, 1, 1));
        for (int i = 0; i < 5; i++)
        {
            model.Conv($"c{i}", $"c{i + 1}", i == 0 ? 4 : 8, 8);
        }

        return model.Conv("c5", "y", 8, 2).Output("y", 1, 2, 8, 8);
    }
}
