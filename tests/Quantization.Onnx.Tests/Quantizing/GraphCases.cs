using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>Graphs of the forms that models have, each with input <c>x</c> and output <c>y</c>.</summary>
internal static class GraphCases
{
    private const int Side = 8;

    /// <summary>An image of 3 channels of 8 × 8.</summary>
    public static long[] ImageShape { get; } = [1, 3, Side, Side];

    public static ModelBuilder Image(long opset = 13) => new ModelBuilder(opset).Input("x", ImageShape);

    /// <summary>A 3 × 3 convolution that keeps the size, with bias.</summary>
    public static ModelBuilder Conv(this ModelBuilder builder, string input, string output, int from, int to, bool bias = true)
    {
        int seed = output.Sum(letter => letter);
        builder.Constant($"{output}-w", RandomTensors.Normal(seed, to * from * 9, 0.3), to, from, 3, 3);
        string[] inputs = bias ? [input, $"{output}-w", $"{output}-b"] : [input, $"{output}-w"];
        if (bias)
        {
            builder.Constant($"{output}-b", RandomTensors.Normal(seed + 1, to), to);
        }

        return builder.Node("Conv", inputs, output, ModelBuilder.Ints("pads", 1, 1, 1, 1));
    }

    /// <summary>A convolution, then what the case is about.</summary>
    public static ModelBuilder Make(string name)
    {
        ModelBuilder image = Image();
        return name switch
        {
            "conv alone" => image.Conv("x", "y", 3, 4).Output("y", 1, 4, Side, Side),
            "conv without bias" => image.Conv("x", "y", 3, 4, bias: false).Output("y", 1, 4, Side, Side),
            "relu between" => image.Conv("x", "a", 3, 4).Node("Relu", ["a"], "b").Conv("b", "y", 4, 4).Output("y", 1, 4, Side, Side),
            "residual" => image.Conv("x", "a", 3, 4).Conv("a", "b", 4, 4).Node("Add", ["a", "b"], "c").Node("Relu", ["c"], "d")
                .Conv("d", "y", 4, 2).Output("y", 1, 2, Side, Side),
            "max pool" => image.Conv("x", "a", 3, 4)
                .Node("MaxPool", ["a"], "b", ModelBuilder.Ints("kernel_shape", 2, 2), ModelBuilder.Ints("strides", 2, 2))
                .Conv("b", "y", 4, 2)
                .Output("y", 1, 2, Side / 2, Side / 2),
            "average pool" => image.Conv("x", "a", 3, 4)
                .Node("AveragePool", ["a"], "b", ModelBuilder.Ints("kernel_shape", 2, 2), ModelBuilder.Ints("strides", 2, 2))
                .Conv("b", "y", 4, 2)
                .Output("y", 1, 2, Side / 2, Side / 2),
            "swish" => image.Conv("x", "a", 3, 4).Node("Sigmoid", ["a"], "s").Node("Mul", ["a", "s"], "m").Conv("m", "y", 4, 2)
                .Output("y", 1, 2, Side, Side),
            "result read and returned" =>
                image.Conv("x", "a", 3, 4).Conv("a", "y", 4, 2).Output("y", 1, 2, Side, Side).Output("a", 1, 4, Side, Side),
            "shared weights" => Shared(image),
            "depthwise" => Depthwise(image),
            "transpose and matmul" => image.Conv("x", "a", 3, 4)
                .Node("Transpose", ["a"], "t", ModelBuilder.Ints("perm", 0, 2, 3, 1))
                .Constant("w", RandomTensors.Normal(5, 4 * 6), 4, 6)
                .Node("MatMul", ["t", "w"], "y").Output("y", 1, Side, Side, 6),
            "flatten and gemms" => image.Conv("x", "a", 3, 4).Node("Flatten", ["a"], "f")
                .Constant("w", RandomTensors.Normal(6, 256 * 16, 0.1), 256, 16).Constant("c", RandomTensors.Normal(7, 16), 16)
                .Node("Gemm", ["f", "w", "c"], "g").Node("Relu", ["g"], "r").Constant("v", RandomTensors.Normal(8, 16 * 5), 5, 16)
                .Constant("e", RandomTensors.Normal(9, 5), 5)
                .Node("Gemm", ["r", "v", "e"], "y", ModelBuilder.Int("transB", 1)).Output("y", 1, 5),
            "constant nodes" => ConstantNodes(image),
            "dead channel with a large bias" => DeadChannel(image),
            "dead channel of a Gemm with a large bias" => image.Node("Flatten", ["x"], "f")
                .Constant("w", [.. RandomTensors.Normal(6, 192), .. Enumerable.Repeat(1e-20f, 192)], 2, 192)
                .Constant("b", [0.5f, 100], 2)
                .Node("Gemm", ["f", "w", "b"], "y", ModelBuilder.Int("transB", 1)).Output("y", 1, 2),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such case."),
        };
    }

    private static ModelBuilder Shared(ModelBuilder image) => image.Conv("x", "a", 3, 3)
        .Node("Conv", ["a", "a-w", "a-b"], "y", ModelBuilder.Ints("pads", 1, 1, 1, 1)).Output("y", 1, 3, Side, Side);

    private static ModelBuilder Depthwise(ModelBuilder image) =>
        image.Conv("x", "a", 3, 4).Constant("w", RandomTensors.Normal(3, 36), 4, 1, 3, 3)
            .Node("Conv", ["a", "w"], "y", ModelBuilder.Ints("pads", 1, 1, 1, 1), ModelBuilder.Int("group", 4))
            .Output("y", 1, 4, Side, Side);

    private static ModelBuilder ConstantNodes(ModelBuilder image)
    {
        image.Conv("x", "y", 3, 4).Output("y", 1, 4, Side, Side);
        foreach (TensorProto weight in image.Graph.Initializer)
        {
            NodeProto node = new()
            {
                OpType = "Constant",
                Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = weight } }
            };
            node.Output.Add(weight.Name);
            image.Graph.Node.Insert(0, node);
        }

        image.Graph.Initializer.Clear();
        return image;
    }

    private static ModelBuilder DeadChannel(ModelBuilder image)
    {
        image.Conv("x", "a", 3, 4).Conv("a", "y", 4, 2).Output("y", 1, 2, Side, Side);
        TensorProto weight = image.Graph.Initializer[0];
        float[] values = weight.ReadFloats();
        values.AsSpan(0, 27).Fill(1e-20f);
        weight.RawData = TensorData.Make<float>(TensorProto.Types.DataType.Float, values).RawData;
        TensorProto bias = image.Graph.Initializer[1];
        bias.RawData = TensorData.Make<float>(TensorProto.Types.DataType.Float, [3, 0.5f, -0.5f, 1]).RawData;
        return image;
    }
}
