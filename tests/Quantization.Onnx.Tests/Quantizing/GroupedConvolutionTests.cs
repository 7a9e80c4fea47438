using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>
/// A Conv of several groups is written in a form that ONNX Runtime computes fast, and its codes are those of the Conv as it was.
/// </summary>
public sealed class GroupedConvolutionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Channels, outputs and groups; lists of integers: kernel, strides, dilations, pads; groups in the written model, and the inputs of
    /// each.
    /// </summary>
    [Theory]
    [InlineData(4, 8, 4, "3,3", "1,1", "1,1", "1,1,1,1", 8, 1)]
    [InlineData(6, 24, 6, "3,3", "2,2", "1,1", "0,1,1,0", 24, 1)]
    [InlineData(5, 15, 5, "1,1", "1,1", "1,1", "0,0,0,0", 15, 1)]
    [InlineData(5, 10, 5, "3", "1", "2", "2,2", 10, 1)]
    [InlineData(5, 5, 5, "3,3", "1,1", "1,1", "1,1,1,1", 5, 1)]
    [InlineData(12, 12, 6, "3,3", "1,1", "1,1", "1,1,1,1", 1, 12)]
    [InlineData(16, 8, 8, "3,2", "1,2", "2,1", "1,0,2,1", 1, 16)]
    [InlineData(32, 24, 8, "3,3", "1,1", "1,1", "1,1,1,1", 2, 16)]
    [InlineData(30, 20, 10, "3", "2", "1", "1,0", 2, 15)]
    [InlineData(14, 21, 7, "2,2", "1,1", "1,1", "0,0,0,0", 1, 14)]
    [InlineData(22, 11, 11, "1,1", "1,1", "1,1", "0,0,0,0", 11, 2)]
    [InlineData(36, 8, 4, "3,3", "1,1", "1,1", "1,1,1,1", 4, 9)]
    [InlineData(3, 6, 1, "3,3", "1,1", "1,1", "1,1,1,1", 1, 3)]
    public void Its_codes_are_those_of_the_plain_form(
        int channels, int outputs, int groups, string kernel, string strides, string dilations, string pads, int writtenGroups,
            int writtenInputs)
    {
        ModelBuilder model = Make(channels, outputs, groups, Numbers(kernel), bias: outputs % 2 == 0);
        model.Graph.Node[^1].Attribute.Add([ModelBuilder.Ints("strides", Numbers(strides)),
            ModelBuilder.Ints("dilations", Numbers(dilations)), ModelBuilder.Ints("pads", Numbers(pads))]);
        string path = model.Save(_folder.PathTo("model.onnx"));

        PtqResult result = Quantize(path, InputShape(channels, Numbers(kernel)), new PtqOptions());

        NodeProto conv = ModelFile.Load(result.OutputPath).Model.Graph.Node.Single(node => node.OpType == "Conv");
        conv.GetInt("group", 1).Should().Be(writtenGroups);
        CodesOfWeights(result.OutputPath).Dims.Should().Equal([outputs, writtenInputs, .. Numbers(kernel)]);
        AssertSameAsPlainForm(result, path, InputShape(channels, Numbers(kernel)), new PtqOptions());
        OnnxChecker.Check([result.OutputPath]).Accepted.Should().Be(1);
    }

    [Theory]
    [InlineData(4, 8, 4)]
    [InlineData(12, 12, 6)]
    public void Its_weights_may_have_one_scale_and_fewer_bits(int channels, int outputs, int groups)
    {
        PtqOptions options = new() { WeightGranularity = GranularityKind.PerTensor, WeightFormat = CodeFormat.Signed(4),
            ActivationFormat = CodeFormat.Int8 };
        string path = Make(channels, outputs, groups, [3, 3], bias: true).Save(_folder.PathTo("model.onnx"));

        AssertSameAsPlainForm(Quantize(path, InputShape(channels, [3, 3]), options), path, InputShape(channels, [3, 3]), options);
    }

    [Fact]
    public void Other_readers_of_its_input_read_it_as_before()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Node("Relu", ["a"], "r")
            .Constant("w", RandomTensors.Normal(1, 8 * 9), 8, 1, 3, 3).Constant("v", RandomTensors.Normal(2, 8 * 9), 8, 1, 3, 3)
            .Node("Conv", ["r", "w"], "b", ModelBuilder.Int("group", 4), ModelBuilder.Ints("pads", 1, 1, 1, 1))
                .Node("Conv", ["r", "v"], "c", ModelBuilder.Int("group", 4), ModelBuilder.Ints("pads", 1, 1, 1, 1))
            .Node("Concat", ["b", "r", "c"], "d", ModelBuilder.Int("axis", 1)).Conv("d", "y", 20, 2).Output("y", 1, 2, 8, 8);
        string path = model.Save(_folder.PathTo("model.onnx"));

        PtqResult result = Quantize(path, GraphCases.ImageShape, new PtqOptions());

        result.Int8Operators["QLinearConv"].Should().Be(4);
        AssertSameAsPlainForm(result, path, GraphCases.ImageShape, new PtqOptions());
    }

    [Fact]
    public void A_node_in_float_stays_as_it_is()
    {
        string path = GraphCases.Image().Conv("x", "a", 3, 4).Constant("w", RandomTensors.Normal(1, 8 * 9), 8, 1, 3, 3)
            .Node("Conv", ["a", "w"], "y", ModelBuilder.Int("group", 4)).Output("y", 1, 8, 6, 6)
            .Save(_folder.PathTo("model.onnx"));

        PtqResult result = Quantize(path, GraphCases.ImageShape, new PtqOptions { FloatNodes = new HashSet<string> { "y-node" } });

        NodeProto conv = ModelFile.Load(result.OutputPath).Model.Graph.Node.Last(node => node.OpType == "Conv");
        conv.GetInt("group", 1).Should().Be(4);
        ModelFile.Load(result.OutputPath).Model.Graph.Node.Should().NotContain(node => node.OpType == "Gather");
    }

    /// <summary>The plain form takes ten times as long as these, so half of it leaves room for a busy machine.</summary>
    [Theory]
    [InlineData(32, 128, 32)]
    [InlineData(32, 32, 16)]
    public void It_takes_less_than_half_the_time_of_the_plain_form(int channels, int outputs, int groups)
    {
        ModelBuilder model = new ModelBuilder().Input("x", 1, channels, 40, 40)
            .Constant("w", RandomTensors.Normal(4, outputs * channels / groups * 9), outputs, channels / groups, 3, 3)
            .Node("Conv", ["x", "w"], "y", ModelBuilder.Int("group", groups)).Output("y", 1, outputs, 38, 38);
        string path = model.Save(_folder.PathTo("model.onnx"));
        SampleList samples = RandomTensors.Samples(2, 1, channels, 40, 40);

        double fast = Median(TargetRuntime.OnnxRuntimeCpu), plain = Median(TargetRuntime.OpenVino);

        fast.Should().BeLessThan(plain / 2);

        double Median(TargetRuntime runtime) =>
            PostTrainingQuantizer.Quantize(path, samples, _folder.PathTo($"{runtime}.onnx"),
                new PtqOptions { Runtime = runtime, LatencyRuns = 9 }).Latency!.Quantized.TotalMilliseconds;
    }

    private PtqResult Quantize(string path, long[] shape, PtqOptions options) =>
        PostTrainingQuantizer.Quantize(path, RandomTensors.Samples(4, shape), _folder.PathTo($"{options.Runtime}.onnx"),
            options with { LatencyRuns = 0 });

    /// <summary>Runtimes that compile the graph get every Conv as it is: the same parameters, and no form of this library's.</summary>
    private void AssertSameAsPlainForm(PtqResult result, string path, long[] shape, PtqOptions options)
    {
        PtqResult plain = Quantize(path, shape, options with { Runtime = TargetRuntime.OpenVino });
        result.Int8Operators["QLinearConv"].Should().Be(plain.Int8Operators["QLinearConv"]);
        float[] input = RandomTensors.Normal(77, (int)shape.Aggregate((a, b) => a * b));
        float[] actual = Run(result.OutputPath, input, shape);
        actual.Distinct().Should().HaveCountGreaterThan(20);
        actual.Should().Equal(Run(plain.OutputPath, input, shape));
    }

    private static float[] Run(string path, float[] values, long[] shape)
    {
        using InferenceSession session = new(path);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(values, shape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["x"], [input], ["y"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static TensorProto CodesOfWeights(string path)
    {
        GraphProto graph = ModelFile.Load(path).Model.Graph;
        NodeProto conv = graph.Node.Single(node => node.OpType == "Conv"),
            dequantize = graph.Node.Single(node => node.Output[0] == conv.Input[1]);
        return graph.Initializer.Single(tensor => tensor.Name == dequantize.Input[0]);
    }

    private static long[] Numbers(string list) => [.. list.Split(',').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];

    private static long[] InputShape(int channels, long[] kernel) => kernel.Length == 1 ? [2, channels, 11] : [2, channels, 9, 8];

    private static ModelBuilder Make(int channels, int outputs, int groups, long[] kernel, bool bias)
    {
        int weights = outputs * channels / groups * (int)kernel.Aggregate((a, b) => a * b);
        ModelBuilder model = new ModelBuilder().Input("x", InputShape(channels, kernel))
            .Constant("w", RandomTensors.Normal(4, weights), [outputs, channels / groups, .. kernel])
            .Constant("b", RandomTensors.Normal(5, outputs), outputs)
                .Node("Conv", bias ? ["x", "w", "b"] : ["x", "w"], "y", ModelBuilder.Int("group", groups))
                .Output("y", [.. InputShape(channels, kernel).Select(_ => -1L)]);
        foreach ((int i, TensorShapeProto.Types.Dimension length) in model.Graph.Output[0].Type.TensorType.Shape.Dim.Index())
        {
            length.DimParam = $"d{i}";
        }

        return model;
    }
}
