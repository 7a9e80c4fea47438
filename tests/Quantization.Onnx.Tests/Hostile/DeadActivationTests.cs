using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Hostile;

/// <summary>
/// An activation that is 0 in every calibration sample has no scale; what multiplies it stays in float, and the user is told.
/// </summary>
public sealed class DeadActivationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathTo("model.onnx");

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("dead_1.0.onnx", new[] { "a", "h" })]
    [InlineData("deadact.onnx", new[] { "h" })]
    public void The_models_that_lost_their_biases(string file, string[] inFloat)
    {
        string model = SharedFolder.Hostile(file);
        ISampleSource samples = file == "dead_1.0.onnx" ? new SampleFolder(SharedFolder.Hostile("dead_data")) : RandomTensors.Samples(6, 8);

        PtqResult result = PostTrainingQuantizer.Quantize(model, samples, Output);

        result.FloatNodes.Keys.Should().BeEquivalentTo(inFloat);
        result.FloatNodes["h"].Should().Be("its input 'r' was 0 in every calibration sample, so no scale is known");
        result.Warnings.Should().ContainSingle(
            warning => warning.Message.StartsWith("The activation 'r' was 0 in every calibration sample", StringComparison.Ordinal))
            .Which.Message.Should().Contain(string.Join(", ", inFloat.Select(node => $"'{node}'")));
        ModelEvaluator.Evaluate(model, [Output], samples).Candidates[0].SignalToNoise.Should().BeGreaterThan(40);
    }

    [Theory]
    [InlineData("a Conv with bias", "c-node", "its input 'r' was")]
    [InlineData("a Gemm", "c-node", "its input 'f' was")]
    [InlineData("a MatMul", "c-node", "its input 'r' was")]
    [InlineData("a Conv that makes it", "a-node", "its result 'r' was")]
    public void Stays_in_float_as_exact_as_before(string name, string node, string reason)
    {
        PtqResult result = PostTrainingQuantizer.Quantize(
            Make(name).Save(ModelPath), RandomTensors.Samples(8, GraphCases.ImageShape), Output);

        result.FloatNodes.Should().ContainKey(node).WhoseValue.Should().StartWith(reason);
        result.Warnings.Should().ContainSingle(warning => warning.Message.Contains($"'{node}'", StringComparison.Ordinal)
            && warning.Message.Contains("calibrate on samples in which", StringComparison.Ordinal));
        float[] input = RandomTensors.Normal(1, 3 * 64);
        Decibels.Sqnr(
            ModelRun.Floats(ModelFile.Load(ModelPath).Model, input, GraphCases.ImageShape)[0],
            ModelRun.Floats(ModelFile.Load(Output).Model, input, GraphCases.ImageShape)[0]).Should()
            .BeGreaterThan(35);
    }

    [Fact]
    public void A_product_of_two_activations()
    {
        ModelBuilder model = Dead(GraphCases.Image()).Node("Transpose", ["x"], "t", ModelBuilder.Ints("perm", 0, 1, 3, 2))
            .Node("MatMul", ["t", "x"], "p").Node("MatMul", ["p", "x"], "q").Conv("q", "z", 3, 3)
            .Node("Sub", ["q", "q"], "none").Node("MatMul", ["none", "t"], "y").Output("y", 1, 3, 8, 8).Output("z", 1, 3, 8, 8)
            .Output("r", 1, 4, 8, 8);

        PtqResult result = PostTrainingQuantizer.Quantize(
            model.Save(ModelPath),
            RandomTensors.Samples(8, GraphCases.ImageShape),
            Output,
            new PtqOptions { Runtime = TargetRuntime.OpenVino, Refine = false });

        result.FloatNodes["y-node"].Should().Be("its input 'none' was 0 in every calibration sample, so no scale is known");
        result.QuantizedNodes.Should().Contain(["p-node", "q-node", "z-node"]);
    }

    [Fact]
    public void A_model_of_which_all_is_dead_comes_through_as_it_is()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "y", 3, 4).Output("y", 1, 4, 8, 8);
        SampleList zeros = new([new ModelSample("zeros", SampleTensor.Create<float>("x", new float[3 * 64], GraphCases.ImageShape))]);

        PtqResult result = PostTrainingQuantizer.Quantize(model.Save(ModelPath), zeros, Output);

        result.QuantizedNodes.Should().BeEmpty();
        result.Calibration.SampleCount.Should().Be(1);
        result.Warnings.Where(warning => warning.Code != AdviceCode.LatencyDisturbed).Should().HaveCount(2);
        result.Warnings[0].Message.Should().StartWith("There was nothing to quantize, so the output is the float model: each Conv, "
            + "ConvTranspose, Gemm, MatMul and table of embeddings stays in float, 'y-node': its input 'x' was 0 in every calibration "
            + "sample, so no scale is known.");
        result.Warnings[1].Message.Should().StartWith("The activation 'x' was 0 in every calibration sample");
        File.ReadAllBytes(Output).Should().Equal(File.ReadAllBytes(ModelPath));
    }

    [Fact]
    public void The_search_and_the_comparison_of_layers_try_what_is_written()
    {
        string model = Make("a Gemm").Save(ModelPath);
        SampleList samples = RandomTensors.Samples(8, GraphCases.ImageShape);
        PtqResult written = PostTrainingQuantizer.Quantize(model, samples, Output);
        TrialModels trials = new(StaticInt8Recipe.Load(model, null, TargetRuntime.OnnxRuntimeCpu), written.Calibration);

        QuantizationPlan plan = trials.Plan(new PtqOptions());
        trials.Write(plan).Should().Be(ModelFile.Load(Output).Model);
        plan.Nodes.Select(node => node.Node).Should().NotContain("c-node");
        LayerComparer.Compare(model, written.Calibration, samples).Select(layer => layer.Node).Should().Equal(written.QuantizedNodes);
        PtqSearch.Run(model, samples, _folder.PathTo("best.onnx"), new SearchOptions { PerTensorTrials = 2 }).Model.FloatNodes.Should()
            .ContainKey("c-node");
    }

    private static ModelBuilder Make(string name) => name switch
    {
        "a Conv with bias" => Dead(GraphCases.Image()).Conv("r", "c", 4, 4).Conv("x", "d", 3, 4).Node("Add", ["c", "d"], "e")
            .Conv("e", "y", 4, 4).Output("y", 1, 4, 8, 8),
        "a Gemm" => Dead(GraphCases.Image()).Node("Flatten", ["r"], "f").Constant("w", RandomTensors.Normal(6, 256 * 16, 0.1), 256, 16)
            .Constant("b", RandomTensors.Normal(7, 16), 16)
            .Node("Gemm", ["f", "w", "b"], "c").Constant("v", RandomTensors.Normal(8, 16 * 5), 16, 5).Node("MatMul", ["c", "v"], "y")
            .Output("y", 1, 5),
        "a MatMul" => Dead(GraphCases.Image()).Constant("w", RandomTensors.Normal(6, 8 * 8, 0.1), 8, 8).Node("MatMul", ["r", "w"], "c")
            .Conv("x", "d", 3, 4).Node("Add", ["c", "d"], "e").Conv("e", "y", 4, 4).Output("y", 1, 4, 8, 8),
        "a Conv that makes it" =>
            Dead(GraphCases.Image()).Conv("x", "d", 3, 4).Node("Add", ["r", "d"], "e").Conv("e", "y", 4, 4).Output("y", 1, 4, 8, 8),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such case."),
    };

    /// <summary>A Conv and a Relu whose result <c>r</c> is 0 for every image: the bias is far below it.</summary>
    private static ModelBuilder Dead(ModelBuilder model) =>
        model.Constant("a-w", RandomTensors.Normal(2, 4 * 27, 0.1), 4, 3, 3, 3).Constant("a-b", [-100, -100, -100, -100], 4)
            .Node("Conv", ["x", "a-w", "a-b"], "a", ModelBuilder.Ints("pads", 1, 1, 1, 1)).Node("Relu", ["a"], "r");
}
