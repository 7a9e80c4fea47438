using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Golden;
using Quantization.Onnx.Tests.Quantizing;
using DataType = Quantization.Onnx.Protos.TensorProto.Types.DataType;

namespace Quantization.Onnx.Tests.Recipes;

/// <summary>Models in half precision, and what stays in 32 bits.</summary>
public sealed class HalfPrecisionRecipeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Weights_are_rounded_to_the_nearest_and_inputs_and_outputs_keep_their_types()
    {
        ModelBuilder network = new ModelBuilder().Input("x", 2, 16).Constant("w", RandomTensors.Normal(1, 256), 16, 16)
            .Node("MatMul", ["x", "w"], "y").Output("y", 2, 16);
        float[] weights = RandomTensors.Normal(1, 256), x = RandomTensors.Normal(2, 32);

        PtqResult result = Convert(network);

        ModelProto written = Written(result);
        TensorProto stored = written.Graph.Initializer.Single();
        stored.DataType.Should().Be((int)DataType.Float16);
        MemoryMarshal.Cast<byte, Half>(stored.RawData.Span).ToArray().Should().Equal(weights.Select(weight => (Half)weight));
        written.Graph.Node.Select(node => node.OpType).Should().Equal("Cast", "MatMul", "Cast");
        written.Graph.Input[0].Type.TensorType.ElemType.Should().Be((int)DataType.Float);
        written.Graph.Output[0].Type.TensorType.ElemType.Should().Be((int)DataType.Float);

        // ONNX Runtime multiplies in 32 bits here, so that the operands alone are rounded, and the result at most once more.
        float[] y = ModelRun.Floats(written, x, 2, 16)[0];
        for (int i = 0; i < y.Length; i++)
        {
            double sum = Enumerable.Range(0, 16).Sum(k => (double)(Half)x[(i / 16 * 16) + k] * (double)(Half)weights[(k * 16) + (i % 16)]);
            y[i].Should().BeApproximately((float)sum, 0.001f * MathF.Max(1, MathF.Abs((float)sum)));
        }

        result.QuantizedNodes.Should().Equal("y-node");
        result.FloatNodes.Should().BeEmpty();
        result.Warnings.Where(warning => warning.Code != AdviceCode.LatencyDisturbed).Should().HaveCount(2)
            .And.Contain(warning => warning.Message.Contains("smaller there but not faster"))
            .And.Contain(warning => warning.Message.StartsWith("No samples were given"));
    }

    [Theory]
    [InlineData(70_000f, "its constant 70000 is too large for float16")]
    [InlineData(-3.4028235e38f, "its constant -3.4028235E+38 is too large for float16")]
    [InlineData(1e-12f, "its constants are too small for float16")]
    public void A_constant_outside_of_the_range_keeps_its_nodes_in_32_bits(float constant, string reason)
    {
        ModelBuilder network = new ModelBuilder().Input("x", 1, 4).Constant("c", [constant]).Node("Add", ["x", "c"], "a")
            .Node("Softmax", ["a"], "s").Node("Neg", ["s"], "y").Output("y", 1, 4);

        PtqResult result = Convert(network);

        result.QuantizedNodes.Should().Equal("y-node");
        result.FloatNodes.Should().Equal(new Dictionary<string, string> { ["a-node"] = reason, ["s-node"] = reason });
        Written(result).Graph.Initializer.Single().ReadFloats().Should().Equal(constant);
    }

    [Fact]
    public void Infinite_masks_become_infinite_masks()
    {
        ModelBuilder network = new ModelBuilder().Input("x", 1, 2).Constant("c", [0, float.NegativeInfinity], 2)
            .Node("Add", ["x", "c"], "a").Node("Softmax", ["a"], "y").Output("y", 1, 2);

        PtqResult result = Convert(network, new SampleList([new ModelSample("one", SampleTensor.Create<float>("x", [3, 5], 1, 2))]));

        result.QuantizedNodes.Should().Equal("a-node", "y-node");
        ModelRun.Floats(Written(result), [3, 5], 1, 2)[0].Should().Equal(1, 0);
    }

    [Fact]
    public void No_divisor_becomes_0()
    {
        ModelBuilder network = new ModelBuilder().Input("x", 1, 2).Constant("c", [1, 1e-9f], 2).Node("Div", ["x", "c"], "y")
            .Output("y", 1, 2);

        Convert(network).FloatNodes["y-node"].Should().Be("its divisor 1E-09 would become 0 in float16");
    }

    [Fact]
    public void Samples_show_which_activations_leave_the_range()
    {
        ModelBuilder network = new ModelBuilder().Input("x", 1, 2).Constant("k", [1000]).Node("Mul", ["x", "k"], "large")
            .Node("Mul", ["large", "k"], "b").Node("Sigmoid", ["b"], "s").Node("Neg", ["s"], "y").Output("y", 1, 2);
        SampleList samples = new([new ModelSample("one", SampleTensor.Create<float>("x", [30, -50], 1, 2))]);

        PtqResult result = Convert(network, samples);

        result.QuantizedNodes.Should().Equal("y-node");
        result.FloatNodes["large-node"].Should().Be("activation 'large' reaches 5E+04, too near to the largest value of float16, 65504");
        result.FloatNodes.Keys.Should().BeEquivalentTo("large-node", "b-node", "s-node");
        result.Calibration.SampleCount.Should().Be(1);
        result.Warnings.Should().NotContain(warning => warning.Message.StartsWith("No samples were given"));
        ModelRun.Floats(Written(result), [30, -50], 1, 2)[0].Should().Equal(-1, 0);
    }

    [Fact]
    public void Without_samples_squares_stay_in_32_bits_and_so_does_what_carries_them_on()
    {
        ModelBuilder network = new ModelBuilder().Input("x", 1, 4).Constant("two", [2]).Constant("epsilon", [1e-5f])
            .Node("Pow", ["x", "two"], "p").Node("ReduceMean", ["p"], "m").Node("Add", ["m", "epsilon"], "e")
            .Node("Sqrt", ["e"], "d").Node("Div", ["x", "d"], "y").Output("y", 1, 4);

        Convert(network).QuantizedNodes.Should().Equal("y-node");
        Convert(network, RandomTensors.Samples(2, 1, 4)).QuantizedNodes.Should().Equal("p-node", "m-node", "e-node", "d-node", "y-node");
    }

    [Fact]
    public void A_branch_reads_in_32_bits_what_is_made_in_16()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 3).Node("ReduceMax", ["a"], "most", ModelBuilder.Int("keepdims", 0))
            .Constant("zero", [0]).Node("Greater", ["most", "zero"], "yes");
        GraphProto then = new ModelBuilder().Node("Add", ["a", "x"], "t").Output("t", 1, 3, 8, 8).Graph,
            otherwise = new ModelBuilder().Node("Neg", ["x"], "e").Output("e", 1, 3, 8, 8).Graph;
        model.Node("If", ["yes"], "y", Branch("then_branch", then), Branch("else_branch", otherwise)).Output("y", 1, 3, 8, 8);
        float[] x = RandomTensors.Normal(3, 192);

        foreach (bool hasHalfInterface in (bool[])[false, true])
        {
            PtqResult result = Convert(model, options: new HalfPrecisionOptions { HasHalfInterface = hasHalfInterface });

            result.QuantizedNodes.Should().Equal("a-node", "most-node");
            Decibels.Sqnr(
                HalfModel.Run(_folder.PathTo("model.onnx"), x, 1, 3, 8, 8), HalfModel.Run(result.OutputPath, x, 1, 3, 8, 8)).Should()
                .BeGreaterThan(60);
        }
    }

    [Theory]
    [InlineData("residual")]
    [InlineData("result read and returned")]
    [InlineData("flatten and gemms")]
    public void Inputs_and_outputs_have_16_bits_if_asked(string name)
    {
        float[] x = RandomTensors.Normal(4, 192);

        PtqResult result = Convert(GraphCases.Make(name), options: new HalfPrecisionOptions { HasHalfInterface = true });

        ModelProto written = Written(result);
        written.Graph.Input.Concat(written.Graph.Output).Should()
            .OnlyContain(value => value.Type.TensorType.ElemType == (int)DataType.Float16);
        written.Graph.Node.Should().NotContain(node => node.OpType == "Cast");
        Decibels.Sqnr(
            HalfModel.Run(_folder.PathTo("model.onnx"), x, GraphCases.ImageShape),
            HalfModel.Run(result.OutputPath, x, GraphCases.ImageShape)).Should()
            .BeGreaterThan(50);
    }

    [Fact]
    public void A_node_that_is_asked_for_keeps_all_32_bits()
    {
        PtqResult result = Convert(
            GraphCases.Make("residual"), options: new HalfPrecisionOptions { FloatNodes = new HashSet<string> { "b-node" } });

        result.FloatNodes.Should().Equal(new Dictionary<string, string> { ["b-node"] = "kept in float as asked" });
        Written(result).Graph.Initializer.Where(tensor => tensor.IsFloat()).Select(tensor => tensor.Name).Should()
            .BeEquivalentTo("b-w", "b-b");
        Action unknown = () => Convert(
            GraphCases.Make("residual"), options: new HalfPrecisionOptions { FloatNodes = new HashSet<string> { "nothing" } });
        ArgumentException exception = unknown.Should().Throw<ArgumentException>()
            .WithMessage("*HalfPrecisionOptions.FloatNodes names 'nothing', but the model has no such node*").Which;
        Advice.Of(exception).Should().Be(ModelAdvice.UnknownFullPrecisionNode(_folder.PathTo("model.onnx"), "nothing"));
    }

    [Fact]
    public void Weights_as_bfloat16_compute_in_32_bits()
    {
        float[] weights = RandomTensors.Normal(1, 256), x = RandomTensors.Normal(2, 32);
        ModelBuilder network = new ModelBuilder().Input("x", 2, 16).Constant("w", weights, 16, 16).Node("MatMul", ["x", "w"], "y")
            .Output("y", 2, 16);
        float[] rounded = Array.ConvertAll(weights, NearestWithEightBits);
        ModelBuilder expected = new ModelBuilder().Input("x", 2, 16).Constant("w", rounded, 16, 16).Node("MatMul", ["x", "w"], "y")
            .Output("y", 2, 16);

        PtqResult result = Convert(network, options: new HalfPrecisionOptions { Format = HalfFormat.BFloat16 });

        Written(result).Graph.Initializer.Single().DataType.Should().Be((int)DataType.Bfloat16);
        ModelRun.Floats(Written(result), x, 2, 16)[0].Should().Equal(ModelRun.Floats(expected.Model, x, 2, 16)[0]);
        OptimizedGraph.Of(result.OutputPath, Written(result), GraphOptimizationLevel.ORT_ENABLE_BASIC, null).Graph.Node.Should()
            .ContainSingle("the Cast is done once, when the model is opened");
        result.Warnings.Should().Contain(warning => warning.Message.Contains("memory and speed stay the same"));
        Action half = () => Convert(network, options: new HalfPrecisionOptions { Format = HalfFormat.BFloat16, HasHalfInterface = true });
        half.Should().Throw<ArgumentException>().WithMessage("*HasHalfInterface goes with HalfFormat.Float16*");
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(-0f)]
    [InlineData(1.00390625f)]
    [InlineData(1.01171875f)]
    [InlineData(3.3961775e38f)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(1e-41f)]
    public void A_bfloat16_is_the_nearest_half_to_even(float value) =>
        BitConverter.UInt32BitsToSingle((uint)HalfTensor.ToBFloat16(value) << 16).Should().Be(NearestWithEightBits(value));

    [Fact]
    public void NaN_stays_NaN_in_bfloat16() => float.IsNaN(
        BitConverter.UInt32BitsToSingle((uint)HalfTensor.ToBFloat16(BitConverter.UInt32BitsToSingle(0x7f800001)) << 16)).Should().BeTrue();

    /// <summary>ONNX's own schemas allow float16 at each place that the rules name.</summary>
    [Fact]
    public void The_types_are_those_of_the_specification()
    {
        const string Script = """
            import sys, onnx.defs as defs
            newest = min(17, defs.onnx_opset_version())
            for line in sys.stdin.read().splitlines():
                name, inputs, results = (line.split(";") + [""])[:3]
                try:
                    schema = defs.get_schema(name, newest)
                except defs.SchemaError:
                    print("newer", name)
                    continue
                allowed = {c.type_param_str for c in schema.type_constraints if "tensor(float16)" in c.allowed_type_strs and "tensor(float)" in c.allowed_type_strs}
                for places, given in ((schema.inputs, inputs), (schema.outputs, results)):
                    wanted = range(len(places)) if given == "*" else [int(i) for i in given.split(",") if i]
                    for i in wanted:
                        if places[min(i, len(places) - 1)].typeStr not in allowed:
                            print("refused", name, i)
            """;
        Prerequisite.DebianFile("/usr/lib/python3/dist-packages/onnx/checker.py", "python3-onnx");
        ProcessStartInfo start = new("/usr/bin/python3", ["-c", Script]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using Process python = Process.Start(start)!;
        python.StandardInput.Write(
            string.Join('\n', HalfRules.ByOperator.Select(rule => $"{rule.Key};{Places(rule.Value.Inputs)};{Places(rule.Value.Results)}")));
        python.StandardInput.Close();
        string[] lines = python.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);

        lines.Should().BeEquivalentTo("newer Gelu", "newer GroupNormalization", "newer Mish");

        static string Places(int[]? positions) => positions is null ? "*" : string.Join(',', positions);
    }

    /// <summary>
    /// Real models, on random inputs of the size that theirs have: noise, on which detectors find nothing and lose more than on pictures.
    /// </summary>
    [Theory]
    [InlineData("fashion-mobilenet.onnx", 0.56, 1, 45)]
    [InlineData("zoo/fastestdet.onnx", 0.56, 0.3, 40)]
    [InlineData("zoo/yolox-nano.onnx", 0.56, 60, 30)]
    [InlineData("zoo/openseeface-detection.onnx", 0.56, 1, 35)]
    [InlineData("zoo/openseeface-landmarks.onnx", 0.56, 1, 40)]
    [InlineData("zoo/yunet-n.onnx", 0.56, 60, 35)]
    [InlineData("zoo/basic-pitch.onnx", 0.70, 0.3, 40)]
    [InlineData("stories260K/model.onnx", 0.75, 1, 50)]
    public void A_real_model_halves_and_says_nearly_the_same(string name, double largestShare, double scale, double leastSqnr)
    {
        string path = SharedFolder.Models(name.Split('/'));
        SampleList samples = name.StartsWith("stories", StringComparison.Ordinal)
            ? new SampleList([.. new SampleFolder(SharedFolder.Models("stories260K", "evaluate")).Take(2)])
            : RandomInputs.Make(path, scale);

        HalfPrecisionOptions options = new() { LatencyRuns = 0 };
        PtqResult observed = HalfPrecisionConverter.Convert(
            path, new SampleList([.. samples.Take(1)]), _folder.PathTo("half.onnx"), options);
        PtqResult blind = HalfPrecisionConverter.Convert(path, _folder.PathTo("blind.onnx"), options);
        EvaluationResult scores = ModelEvaluator.Evaluate(
            path,
            [observed.OutputPath, blind.OutputPath],
            new SampleList([.. samples.Skip(1).Take(1)]),
            new EvaluationOptions { LatencyRuns = 1 });

        scores.Candidates.Should().OnlyContain(score => score.Figures.SignalToNoise!.Value > leastSqnr);
        ((double)observed.OutputBytes / observed.ModelBytes).Should().BeLessThan(largestShare);
        ((double)blind.OutputBytes / blind.ModelBytes).Should().BeLessThan(largestShare);
    }

    [Theory]
    [InlineData(
        HalfFormat.Float16,
        "each node of floats keeps 32 bits, 'yes-node': its operator has no form in 16-bit floats, or needs the precision of 32 bits.")]
    [InlineData(HalfFormat.BFloat16, "the model has no weights worth storing in 16 bits.")]
    public void A_model_with_nothing_to_convert_comes_through_as_it_is(HalfFormat format, string reason)
    {
        ModelBuilder network = new ModelBuilder().Input("x", 1, 4).Constant("zero", [0]).Node("Greater", ["x", "zero"], "yes")
            .Node("Where", ["yes", "x", "x"], "y").Output("y", 1, 4);
        network.Graph.Node.RemoveAt(1);
        network.Graph.Output[0].Name = "yes";
        network.Graph.Output[0].Type.TensorType.ElemType = (int)DataType.Bool;

        PtqResult result = Convert(network, options: new HalfPrecisionOptions { Format = format });

        File.ReadAllBytes(result.OutputPath).Should().Equal(File.ReadAllBytes(_folder.PathTo("model.onnx")));
        result.Warnings.Where(warning => warning.Code != AdviceCode.LatencyDisturbed).Should().ContainSingle().Which.Message.Should()
            .Be($"There was nothing to convert, so the output is the float model: {reason} Use the float model, or export it with weights "
                + "that are constants and operators that have a form in 16-bit floats.");
    }

    private static float NearestWithEightBits(float value)
    {
        if (!float.IsFinite(value) || value == 0)
        {
            return value;
        }

        double step = Math.Pow(2, Math.Max(Math.Floor(Math.Log2(Math.Abs((double)value))), -126) - 7);
        double rounded = Math.Round(value / step, MidpointRounding.ToEven) * step;
        return (float)rounded;
    }

    private static AttributeProto Branch(string name, GraphProto graph)
    {
        graph.Name = name;
        return new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = graph };
    }

    private static ModelProto Written(PtqResult result) => ModelFile.Load(result.OutputPath).Model;

    private PtqResult Convert(ModelBuilder model, SampleList? samples = null, HalfPrecisionOptions? options = null)
    {
        string path = model.Save(_folder.PathTo("model.onnx")), output = _folder.PathTo("half.onnx");
        return samples is null
            ? HalfPrecisionConverter.Convert(path, output, options)
            : HalfPrecisionConverter.Convert(path, samples, output, (options ?? new HalfPrecisionOptions()) with { LatencyRuns = 0 });
    }
}
