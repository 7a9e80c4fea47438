using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>The ONNX forms of TorchSharp's usual layers.</summary>
internal static class FloatLayerExport
{
    /// <summary>Adds the module's operators; null where it has no known form.</summary>
    public static OnnxValue? Write(OnnxGraph graph, torch.nn.Module<Tensor, Tensor> module, OnnxValue input) => module switch
    {
        Sequential sequence => sequence.named_children()
            .Aggregate(input, (value, child) => graph.Call((torch.nn.Module<Tensor, Tensor>)child.module, value, child.name)),
        Linear linear => WriteLinear(graph, input, linear.weight, linear.bias),
        Convolution convolution when ConvolutionGeometry.WhyNot(convolution) is { } reason =>
            throw new NotSupportedException($"{convolution.GetType().Name}: {reason}."),
        Convolution convolution =>
            WriteConvolution(graph, input, convolution.weight, convolution.bias, ConvolutionGeometry.Of(convolution)),
        NormBase { track_running_stats: true } norm and (BatchNorm1d or BatchNorm2d) => WriteBatchNorm(graph, norm, input),
        LayerNorm norm => WriteLayerNorm(graph, norm, input),
        Embedding { weight: { } table } => graph.Operator("Gather", [graph.Float(table), input]) with { Rank = input.Rank + 1 },
        Dropout or Dropout1d or Dropout2d or AlphaDropout or Identity => input,
        Flatten { start_dim: 1, end_dim: -1 } => graph.Flatten(input),
        MaxPool2d pool => graph.Operator(
            "MaxPool",
            [input],
            [.. Window(pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode), ("dilations", Twice(pool.dilation, 1))]),
        AvgPool2d { divisor_override: null } pool => graph.Operator(
            "AveragePool", [input],
                [
                    .. Window(pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode),
                    ("count_include_pad", pool.count_include_pad ? 1L : 0L)
                ]),
        AdaptiveAvgPool2d pool when pool.output_size.All(length => length == 1) => graph.Operator("GlobalAveragePool", [input]),
        _ => WriteActivation(graph, module, input),
    };

    /// <summary>y = x · Wᵀ + b over the last axis. The weights are of shape [outputs, inputs].</summary>
    /// <param name="graph">The graph to write to.</param>
    /// <param name="input">x.</param>
    /// <param name="weight">W.</param>
    /// <param name="bias">b; null for none.</param>
    /// <param name="plan">Receives the value that the multiplication gives; null where the layer stays in float.</param>
    public static OnnxValue WriteLinear(
        OnnxGraph graph, OnnxValue input, Tensor weight, Tensor? bias, Func<OnnxValue, OnnxValue>? plan = null)
    {
        plan ??= value => value;
        if (input.Rank == 2)
        {
            return plan(graph.Operator(
                "Gemm", bias is null ? [input, graph.Float(weight)] : [input, graph.Float(weight), graph.Float(bias)], ("transB", 1L)));
        }

        OnnxValue product = plan(graph.Operator("MatMul", [input, graph.Float(weight.t())]));
        return bias is null ? product : graph.Add(product, graph.Float(bias));
    }

    /// <summary>A convolution or a transposed one.</summary>
    /// <inheritdoc cref="WriteLinear"/>
    public static OnnxValue WriteConvolution(
        OnnxGraph graph, OnnxValue input, Tensor weight, Tensor? bias, ConvolutionGeometry geometry,
        Func<OnnxValue, OnnxValue>? plan = null)
    {
        plan ??= value => value;
        List<(string, object)> attributes =
        [
            ("kernel_shape", geometry.Kernel),
            ("strides", geometry.Stride),
            ("pads", (long[])[.. geometry.Padding, .. geometry.Padding]),
            ("dilations", geometry.Dilation),
            ("group", geometry.Groups),
        ];
        if (geometry.IsTransposed)
        {
            attributes.Add(("output_padding", geometry.OutputPadding));
        }

        OnnxValue weights = graph.Float(weight);
        return plan(graph.Operator(
            geometry.IsTransposed ? "ConvTranspose" : "Conv",
            bias is null ? [input, weights] : [input, weights, graph.Float(bias)],
            [.. attributes]));
    }

    private static OnnxValue WriteBatchNorm(OnnxGraph graph, NormBase norm, OnnxValue input)
    {
        float[] ones = new float[norm.num_features], zeros = new float[norm.num_features];
        Array.Fill(ones, 1);
        OnnxValue weight = norm.weight is null ? graph.Constant(ones, ones.Length) : graph.Float(norm.weight);
        OnnxValue bias = norm.bias is null ? graph.Constant(zeros, zeros.Length) : graph.Float(norm.bias);
        return graph.Operator(
            "BatchNormalization",
            [input, weight, bias, graph.Float(norm.running_mean!), graph.Float(norm.running_var!)],
            ("epsilon", norm.eps));
    }

    private static OnnxValue WriteLayerNorm(OnnxGraph graph, LayerNorm norm, OnnxValue input)
    {
        long[] shape = norm.normalized_shape;
        float[] ones = new float[shape.Aggregate(1L, (product, length) => product * length)];
        Array.Fill(ones, 1);
        OnnxValue weight = norm.weight is null ? graph.Constant(ones, shape) : graph.Float(norm.weight);
        return graph.Operator(
            "LayerNormalization",
            norm.bias is null ? [input, weight] : [input, weight, graph.Float(norm.bias)],
            ("axis", -(long)shape.Length),
            ("epsilon", norm.eps));
    }

    private static OnnxValue? WriteActivation(OnnxGraph graph, torch.nn.Module<Tensor, Tensor> module, OnnxValue input) => module switch
    {
        ReLU => graph.Relu(input),
        ReLU6 => Clip(graph, input, 0, 6),
        Hardtanh clamp => Clip(graph, input, (float)clamp.min_val, (float)clamp.max_val),
        LeakyReLU leaky => graph.Operator("LeakyRelu", [input], ("alpha", leaky.negative_slope)),
        ELU elu => graph.Operator("Elu", [input], ("alpha", elu.alpha)),
        Sigmoid => graph.Operator("Sigmoid", [input]),
        Tanh => graph.Operator("Tanh", [input]),
        Hardsigmoid => graph.Operator("HardSigmoid", [input], ("alpha", 1.0 / 6)),
        Hardswish => graph.Operator("HardSwish", [input]),
        GELU => Gelu(graph, input),
        SiLU => graph.Multiply(input, graph.Operator("Sigmoid", [input])),
        Softmax softmax => graph.Operator("Softmax", [input], ("axis", softmax.dim)),
        LogSoftmax softmax => graph.Operator("LogSoftmax", [input], ("axis", softmax.dim)),
        _ => null,
    };

    public static OnnxValue Clip(OnnxGraph graph, OnnxValue input, float low, float high) =>
        graph.Operator("Clip", [input, graph.Constant([low]), graph.Constant([high])]);

    /// <summary><c>x · (1 + erf(x / √2)) / 2</c>: the operator set in use has no operator for it.</summary>
    public static OnnxValue Gelu(OnnxGraph graph, OnnxValue x)
    {
        OnnxValue erf = graph.Operator("Erf", [graph.Operator("Div", [x, graph.Constant([MathF.Sqrt(2)])])]);
        return graph.Multiply(graph.Multiply(x, graph.Add(erf, graph.Constant([1f]))), graph.Constant([0.5f]));
    }

    private static (string, object)[] Window(long[] kernel, long[]? stride, long[]? padding, bool ceiling)
    {
        long[] size = Twice(kernel, 1), pads = Twice(padding, 0);
        return [("kernel_shape", size), ("strides", Twice(stride is null or [] ? kernel : stride, 1)), ("pads", (long[])[.. pads, .. pads]),
            ("ceil_mode", ceiling ? 1L : 0L)];
    }

    /// <summary>Two lengths, where one may stand for both and none for a default.</summary>
    private static long[] Twice(long[]? lengths, long absent) => lengths switch
    {
        null or [] => [absent, absent],
        [var both] => [both, both],
        _ => lengths,
    };
}
