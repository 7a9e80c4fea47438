using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>
/// Models for runtimes that compile the graph: more operators have pairs, and ONNX Runtime computes nearly the same from them.
/// </summary>
public sealed class CompilingRuntimeTests : IDisposable
{
    private static readonly PtqOptions Options = new() { Runtime = TargetRuntime.OpenVino, LatencyRuns = 0, Refine = false };
    private static readonly PtqOptions TensorRT =
        Options with { ActivationFormat = CodeFormat.Int8, ActivationScheme = QuantizationScheme.Symmetric };

    private readonly TemporaryFolder _folder = new();

    private string Model => _folder.PathTo("model.onnx");

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ConvTranspose")]
    [InlineData("ConvTranspose of two groups, dilated")]
    [InlineData("MatMul")]
    [InlineData("Sub")]
    [InlineData("Resize linear")]
    [InlineData("Resize cubic")]
    [InlineData("Resize nearest")]
    public void Has_pairs_on_all_sides(string name)
    {
        foreach (PtqOptions options in (PtqOptions[])[Options, TensorRT])
        {
            PtqResult result = PostTrainingQuantizer.Quantize(
                Make(name).Save(Model), RandomTensors.Samples(16, GraphCases.ImageShape), Output, options);

            GraphProto graph = ModelFile.Load(Output).Model.Graph;
            GraphIndex index = new(graph);
            NodeProto node = graph.Node.Single(node => node.Name == "c-node");
            result.QuantizedNodes.Should().Contain("c-node");
            node.OpType.Should().Be(name.Split(' ', ',')[0]);
            string[] values = node.OpType is "MatMul" or "Sub" or "ConvTranspose" ? [node.Input[0], node.Input[1]] : [node.Input[0]];
            values.Select(value => index.FindProducer(value)!.OpType).Should().AllBe("DequantizeLinear");
            index.Consumers(node.Output[0]).Select(reader => reader.OpType).Should().Equal("QuantizeLinear");
            Decibels.Sqnr(Run(Model), Run(Output)).Should().BeGreaterThan(
                25,
                "255 steps of a range of four standard deviations each way leave 37 dB per tensor, and a few tensors follow each other");
            OnnxChecker.Check([Output]).Accepted.Should().Be(1);
            result.Warnings[0].Code.Should().Be(AdviceCode.RuntimeNotRunHere);
        }
    }

    [Fact]
    public void The_weights_of_ConvTranspose_have_a_scale_for_each_output_channel_of_a_group()
    {
        ModelBuilder model = Make("ConvTranspose of two groups, dilated");
        float[] weights = model.Graph.Initializer.Single(tensor => tensor.Name == "w").ReadFloats();
        PostTrainingQuantizer.Quantize(model.Save(Model), RandomTensors.Samples(4, GraphCases.ImageShape), Output, Options);

        GraphProto graph = ModelFile.Load(Output).Model.Graph;
        NodeProto dequantize =
            graph.Node.Single(node => node.Output[0] == graph.Node.Single(each => each.OpType == "ConvTranspose").Input[1]);
        TensorProto Find(string name) => graph.Initializer.Single(tensor => tensor.Name == name);

        // [4, 3, 2, 2]: channel c of a group is every third plane of four.
        float[] largest = [.. Enumerable.Range(0, 3)
            .Select(c => Enumerable.Range(0, 4).SelectMany(i => weights.Skip(((i * 3) + c) * 4).Take(4)).Max(MathF.Abs))];
        Find(dequantize.Input[0]).Dims.Should().Equal(4, 3, 2, 2);
        Find(dequantize.Input[1]).ReadFloats().Should().Equal(largest.Select(each => each / 127));
        dequantize.GetInt("axis", 1).Should().Be(1);
    }

    [Fact]
    public void For_TensorRT_every_zero_point_is_0_and_biases_are_floats()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Node("Relu", ["a"], "b")
            .Constant("rows", [1, 2, 3, 4, 5, 6, 7, 8], 8, 1).Node("Add", ["b", "rows"], "c").Node("Flatten", ["c"], "f")
            .Constant("w", RandomTensors.Normal(6, 256 * 16, 0.1), 256, 16).Constant("e", RandomTensors.Normal(7, 16), 16)
            .Node("Gemm", ["f", "w", "e"], "y").Output("y", 1, 16);

        PostTrainingQuantizer.Quantize(model.Save(Model), RandomTensors.Samples(16, GraphCases.ImageShape), Output, TensorRT);

        GraphProto graph = ModelFile.Load(Output).Model.Graph;
        NodeProto[] conversions = [.. graph.Node.Where(node => node.OpType is "QuantizeLinear" or "DequantizeLinear")];
        conversions.Where(node => node.Input.Count > 2)
            .Select(node => graph.Initializer.Single(tensor => tensor.Name == node.Input[2])).Should().NotBeEmpty()
            .And.OnlyContain(zero => zero.DataType == (int)TensorProto.Types.DataType.Int8 && zero.RawData.All(value => value == 0));
        graph.Node.Where(node => node.OpType is "Conv" or "Gemm")
            .Select(node => graph.Initializer.Single(tensor => tensor.Name == node.Input[2])).Should().HaveCount(2)
            .And.OnlyContain(bias => bias.IsFloat());
        Decibels.Sqnr(Run(Model), Run(Output)).Should().BeGreaterThan(25);
    }

    [Fact]
    public void Attention_has_pairs_around_both_products_and_floats_around_Softmax()
    {
        ModelBuilder model = Attention();

        PtqResult result = PostTrainingQuantizer.Quantize(model.Save(Model), RandomTensors.Samples(16, 1, 6, 8), Output, Options);

        result.QuantizedNodes.Should().Contain(["scores-node", "mixed-node"]).And.NotContain("probabilities-node");
        result.FloatNodes.Should().BeEmpty();
        Decibels.Sqnr(Run(Model, 1, 6, 8), Run(Output, 1, 6, 8)).Should().BeGreaterThan(20, "probabilities below 1/512 become 0");
    }

    [Fact]
    public void A_product_of_values_that_may_be_no_floats_stays_as_it_is()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 8).Node("Shape", ["x"], "s").Integers("wide", 2, 2)
            .Node("Reshape", ["s", "wide"], "i").Node("MatMul", ["i", "i"], "p").Node("Cast", ["p"], "q", ModelBuilder.Int("to", 1))
            .Node("ReduceSum", ["q"], "r", ModelBuilder.Int("keepdims", 0)).Node("Add", ["a", "r"], "y").Output("y", 1, 8, 8, 8);
        model.Graph.Input[0].Type.TensorType.Shape.Dim[0] = new TensorShapeProto.Types.Dimension { DimParam = "N" };

        PtqResult result = PostTrainingQuantizer.Quantize(
            model.Save(Model), RandomTensors.Samples(16, GraphCases.ImageShape), Output, Options);

        result.QuantizedNodes.Should().Equal("a-node");
        result.FloatNodes.Keys.Should().Equal("p-node");
    }

    [Fact]
    public void Products_alone_are_no_layers_to_leave_in_float()
    {
        new ModelBuilder().Input("x", 4, 4).Output("y", 4, 4).Node("MatMul", ["x", "x"], "y").Save(Model);
        SampleList samples = RandomTensors.Samples(4, 4, 4);

        PostTrainingQuantizer.Quantize(Model, samples, Output, Options).QuantizedNodes.Should().Equal("y-node");
        FluentActions.Invoking(() => PartialQuantizer.Run(
            Model, samples, samples, Output, new PartialOptions { Target = PartialTarget.Reach(30), Baseline = Options })).Should()
            .Throw<OnnxModelException>()
            .WithMessage($"{Model}: no node with weights is quantized, so there are no layers to compare or to leave in float; *");
    }

    [Fact]
    public void A_calibration_for_the_other_runtime_is_refused()
    {
        Attention().Save(Model);
        ModelCalibration calibration = ModelCalibrator.Calibrate(Model, RandomTensors.Samples(2, 1, 6, 8));

        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(Model, calibration, Output, Options)).Should()
            .Throw<OnnxModelException>()
            .WithMessage("*the calibration has no statistics of activation '*'; it was made for another runtime (PtqOptions.Runtime), *");
        ModelCalibration own = ModelCalibrator.Calibrate(
            Model, RandomTensors.Samples(2, 1, 6, 8), new CalibrationOptions { Runtime = TargetRuntime.OpenVino });
        PostTrainingQuantizer.Quantize(Model, own, Output, Options).QuantizedNodes.Should().Contain("scores-node");
    }

    private static ModelBuilder Attention()
    {
        ModelBuilder model = new ModelBuilder().Input("x", 1, 6, 8).Output("y", 1, 6, 8);
        foreach ((int i, char name) in "qkvo".Index())
        {
            model.Constant($"{name}-w", RandomTensors.Normal(i + 1, 64, 0.4), 8, 8);
        }

        return model.Node("MatMul", ["x", "q-w"], "q").Node("MatMul", ["x", "k-w"], "k").Node("MatMul", ["x", "v-w"], "v")
            .Node("Transpose", ["k"], "kt", ModelBuilder.Ints("perm", 0, 2, 1))
            .Node("MatMul", ["q", "kt"], "scores").Node("Softmax", ["scores"], "probabilities")
            .Node("MatMul", ["probabilities", "v"], "mixed").Node("MatMul", ["mixed", "o-w"], "y");
    }

    private static ModelBuilder Make(string name)
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4);
        int channels = 4;
        switch (name.Split(' ', ',')[0])
        {
            case "ConvTranspose":
                bool isGrouped = name.Contains("two groups", StringComparison.Ordinal);
                channels = isGrouped ? 6 : 3;
                model.Constant("w", RandomTensors.Normal(3, 48), 4, 3, 2, 2).Constant("bias", RandomTensors.Normal(4, channels), channels)
                    .Node("ConvTranspose", ["a", "w", "bias"], "c", ModelBuilder.Int("group", isGrouped ? 2 : 1), ModelBuilder.Ints(
                        "dilations", isGrouped ? [2, 2] : [1, 1]), ModelBuilder.Ints("strides", 2, 2));
                break;
            case "MatMul" or "Sub":
                model.Conv("x", "b", 3, 4).Node(name, ["a", "b"], "c");
                break;
            default:
                AttributeProto mode = new()
                {
                    Name = "mode",
                    Type = AttributeProto.Types.AttributeType.String,
                    S = ByteString.CopyFromUtf8(name.Split(' ')[1])
                };
                model.Constant("scales", [1, 1, 2, 2], 4).Node("Resize", ["a", "", "scales"], "c", mode);
                break;
        }

        model.Conv("c", "y", channels, 4).Output("y", 1, 4, -1, -2);
        foreach ((int i, TensorShapeProto.Types.Dimension length) in model.Graph.Output[0].Type.TensorType.Shape.Dim.Skip(2).Index())
        {
            length.DimParam = $"d{i}";
        }

        return model;
    }

    private static float[] Run(string path) => Run(path, GraphCases.ImageShape);

    private static float[] Run(string path, params long[] shape)
    {
        using InferenceSession session = new(path);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(RandomTensors.Normal(1, (int)shape.Aggregate((a, b) => a * b)), shape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, new Dictionary<string, OrtValue> { ["x"] = input }, ["y"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
