using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Recipes;

/// <summary>Static int8 in the branches of If and the bodies of Loop and Scan: each is quantized on the samples that reach it.</summary>
public sealed class StaticBodyTests : IDisposable
{
    private const int Rows = 4, Width = 32;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("If", "MatMulIntegerToFloat", "y-node/then_branch/t-node", "y-node/else_branch/e-node")]
    [InlineData(
        "If within If",
        "MatMulIntegerToFloat",
        "y-node/then_branch/d-node/then_branch/t-node",
        "y-node/then_branch/d-node/else_branch/u-node",
        "y-node/else_branch/e-node")]
    [InlineData("Loop", "MatMulIntegerToFloat", "y-node/body/p-node")]
    [InlineData("Loop without types", "MatMulIntegerToFloat", "y-node/body/p-node")]
    [InlineData("Loop with If", "MatMulIntegerToFloat", "y-node/body/p-node/then_branch/t-node", "y-node/body/p-node/else_branch/e-node")]
    [InlineData("Scan", "MatMulIntegerToFloat", "y-node/body/p-node")]
    [InlineData("backward Scan", "MatMulIntegerToFloat", "y-node/body/p-node")]
    public void A_body_runs_on_integers_and_computes_nearly_the_same(string kind, string integerOperator, params string[] nodes)
    {
        ModelBuilder model = Make(kind);
        string path = model.Save(_folder.PathTo("body.onnx"));

        PtqResult result = Quantize(path);

        result.QuantizedNodes.Should().Equal(nodes);
        result.FloatNodes.Should().BeEmpty();
        result.Int8Operators.Should().Equal(
            new Dictionary<string, int> { [integerOperator] = nodes.Length },
            "{0}",
            string.Join(" | ", result.Int8Operators.Keys.Concat(result.ConversionReasons)));
        result.OutputBytes.Should().BeLessThan(result.ModelBytes / 2);
        foreach (ModelSample sample in Samples(100, 6))
        {
            float[] x = Read(sample);
            float[] expected = ModelRun.Floats(model.Model, x, Rows, Width)[0],
                computed = ModelRun.Floats(ModelFile.Load(result.OutputPath).Model, x, Rows, Width)[0];
            Decibels.Sqnr(expected, computed).Should().BeGreaterThan(25);
            computed.Should().NotEqual(expected, "codes round");
        }
    }

    [Fact]
    public void Branches_hand_out_constants_and_captured_values_beside_what_they_compute()
    {
        ModelBuilder then = new ModelBuilder().Constant("w1", Weights(1), Width, Width).Node("MatMul", ["x", "w1"], "t")
            .Node("Identity", ["k"], "t2").Node("Identity", ["x"], "t3").Output("t", Rows, Width).Output("t2", 2).Output("t3", Rows, Width);
        ModelBuilder otherwise = new ModelBuilder().Constant("w2", Weights(2), Width, Width).Node("MatMul", ["x", "w2"], "e")
            .Constant("e2", [3, 4], 2).Node("Neg", ["x"], "e3").Output("e", Rows, Width).Output("e2", 2).Output("e3", Rows, Width);
        ModelBuilder model = Condition().Constant("k", [1, 2], 2)
            .Node("If", ["yes"], "y", Body("then_branch", then.Graph), Body("else_branch", otherwise.Graph)).Output("y", Rows, Width)
            .Output("y2", 2).Output("y3", Rows, Width);
        model.Graph.Node[^1].Output.Add(["y2", "y3"]);

        PtqResult result = Quantize(model.Save(_folder.PathTo("body.onnx")));

        result.QuantizedNodes.Should().Equal("y-node/then_branch/t-node", "y-node/else_branch/e-node");
        ModelProto written = ModelFile.Load(result.OutputPath).Model;
        foreach (ModelSample sample in Samples(100, 6))
        {
            float[][] expected = ModelRun.Floats(model.Model, Read(sample), Rows, Width),
                computed = ModelRun.Floats(written, Read(sample), Rows, Width);
            Decibels.Sqnr(expected[0], computed[0]).Should().BeGreaterThan(25);
            computed[1..].Should().BeEquivalentTo(expected[1..], options => options.WithStrictOrdering());
        }
    }

    [Theory]
    [InlineData("If")]
    [InlineData("If within If")]
    [InlineData("Loop with If")]
    [InlineData("Scan")]
    [InlineData("captured weights")]
    public void A_plan_with_bodies_gives_the_same_bytes_again(string kind)
    {
        string path = Make(kind).Save(_folder.PathTo("body.onnx"));
        PtqResult first = Quantize(path);
        first.Plan.Save(_folder.PathTo("plan.json"));

        QuantizationPlan plan = QuantizationPlan.Load(_folder.PathTo("plan.json"));
        PtqResult second = PostTrainingQuantizer.Quantize(path, plan, _folder.PathTo("second.onnx"));

        first.Plan.Bodies.Should().NotBeEmpty();
        plan.Should().Be(first.Plan);
        plan.Hash.Should().Be(first.Plan.Hash).And.NotBe((plan with { Bodies = [] }).Hash);
        File.ReadAllBytes(second.OutputPath).Should().Equal(File.ReadAllBytes(first.OutputPath));
        second.QuantizedNodes.Should().Equal(first.QuantizedNodes);
    }

    [Fact]
    public void A_branch_that_no_sample_reaches_stays_in_float()
    {
        ModelBuilder model = Make("If");
        SampleList positive = new([.. Samples(1, 40).Where(sample => Read(sample).Max() > Threshold)]);

        PtqResult result = PostTrainingQuantizer.Quantize(
            model.Save(_folder.PathTo("body.onnx")), positive, _folder.PathTo("out.onnx"), Options);

        result.QuantizedNodes.Should().Equal("y-node/then_branch/t-node");
        result.FloatNodes.Should().Equal(new Dictionary<string, string>
        {
            ["y-node/else_branch/e-node"] = "it is inside 'y-node' (If), else_branch: no sample reaches it",
        });
        float[] x = Read(Samples(100, 40).First(sample => Read(sample).Max() <= Threshold));
        ModelRun.Floats(ModelFile.Load(result.OutputPath).Model, x, Rows, Width)[0].Should()
            .Equal(ModelRun.Floats(model.Model, x, Rows, Width)[0], "the branch is as it was");
    }

    [Fact]
    public void Weights_around_the_branches_become_codes_inside_of_both()
    {
        ModelBuilder model = Make("captured weights");

        PtqResult result = Quantize(model.Save(_folder.PathTo("body.onnx")));

        result.QuantizedNodes.Should().Equal("y-node/then_branch/t-node", "y-node/else_branch/e-node");
        GraphProto graph = ModelFile.Load(result.OutputPath).Model.Graph;
        graph.Initializer.Should().NotContain(tensor => tensor.Name == "w", "nobody reads the float weights any more");
        graph.Node.SelectMany(GraphExtensions.Subgraphs).Should().OnlyContain(
            body => body.Initializer.Any(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Int8 && tensor.Dims.Count == 2));
    }

    [Fact]
    public void Names_in_bodies_are_those_of_no_graph_around_them()
    {
        // The main graph is quantized too, so both get short names for scales and codes; captured values have such names from the start.
        ModelBuilder model = Condition().Constant("a", Weights(7), Width, Width).Node("MatMul", ["x", "a"], "b").Node("Relu", ["b"], "c")
            .Constant("d", Weights(8), Width, Width).Node("MatMul", ["c", "d"], "e");
        model.Node("If", ["yes"], "y", Body("then_branch", Branch("t", 1, "e")), Body("else_branch", Branch("u", 2, "c")))
            .Output("y", Rows, Width);

        PtqResult result = Quantize(model.Save(_folder.PathTo("body.onnx")));

        result.QuantizedNodes.Should()
            .HaveCountGreaterThan(3).And.Contain(["b-node", "e-node", "y-node/then_branch/t-node", "y-node/else_branch/u-node"]);
        ModelProto written = ModelFile.Load(result.OutputPath).Model;
        HashSet<string> outer =
            [.. written.Graph.Node.SelectMany(node => node.Output), .. written.Graph.Initializer.Select(tensor => tensor.Name)];
        foreach (GraphProto body in written.Graph.AllGraphs().Skip(1))
        {
            body.Node.SelectMany(node => node.Output).Concat(body.Initializer.Select(tensor => tensor.Name)).Should()
                .NotContain(name => outer.Contains(name));
        }

        float[] x = Read(Samples(100, 1).First());
        Decibels.Sqnr(ModelRun.Floats(model.Model, x, Rows, Width)[0], ModelRun.Floats(written, x, Rows, Width)[0]).Should()
            .BeGreaterThan(20);
    }

    [Fact]
    public void Convolutions_of_branches_run_on_integers()
    {
        ModelBuilder model = new ModelBuilder().Input("x", 1, 3, 8, 8).Constant("least", [0])
            .Node("ReduceMean", ["x"], "mean", ModelBuilder.Int("keepdims", 0)).Node("Greater", ["mean", "least"], "yes");
        model.Node("If", ["yes"], "y", Body("then_branch", Convolutions("t", 1)), Body("else_branch", Convolutions("e", 2)))
            .Output("y", 1, 4, 4, 4);
        SampleList samples = new([.. Enumerable.Range(0, 24)
            .Select(i => new ModelSample($"sample {i}", SampleTensor.Create<float>("x", RandomTensors.Normal(i, 3 * 64), 1, 3, 8, 8)))]);

        PtqResult result = PostTrainingQuantizer.Quantize(
            model.Save(_folder.PathTo("body.onnx")), samples, _folder.PathTo("out.onnx"), Options with { Refine = true });

        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["QLinearConv"] = 4 });
        ModelProto written = ModelFile.Load(result.OutputPath).Model;
        for (int i = 0; i < 6; i++)
        {
            float[] x = RandomTensors.Normal(100 + i, 3 * 64);
            Decibels.Sqnr(ModelRun.Floats(model.Model, x, 1, 3, 8, 8)[0], ModelRun.Floats(written, x, 1, 3, 8, 8)[0]).Should()
                .BeGreaterThan(25);
        }
    }

    [Theory]
    [InlineData("y-node/then_branch/t-node")]
    [InlineData("t-node")]
    public void A_node_of_a_body_can_stay_in_float_by_its_path_or_its_name(string name)
    {
        string path = Make("If").Save(_folder.PathTo("body.onnx"));

        PtqResult result = Quantize(path, Options with { FloatNodes = new HashSet<string> { name } });

        result.QuantizedNodes.Should().Equal("y-node/else_branch/e-node");
        result.FloatNodes.Should().Equal(new Dictionary<string, string> { ["y-node/then_branch/t-node"] = "kept in float as asked" });
    }

    [Theory]
    [InlineData("y-node")]
    [InlineData("y-node/then_branch")]
    public void A_body_stays_in_float_as_a_whole_where_it_or_its_node_is_named(string name)
    {
        string path = Make("If within If").Save(_folder.PathTo("body.onnx"));

        PtqResult result = Quantize(path, Options with { FloatNodes = new HashSet<string> { name } });

        result.QuantizedNodes.Should().Equal(name == "y-node" ? [] : ["y-node/else_branch/e-node"]);
        result.FloatNodes.Where(node => node.Key != name).Should()
            .HaveCount(name == "y-node" ? 3 : 2).And.Contain(node => node.Key == "y-node/then_branch/d-node/then_branch/t-node");
        result.FloatNodes.Values.Should().OnlyContain(reason => reason == "kept in float as asked");
    }

    [Theory]
    [InlineData("If within If")]
    [InlineData("captured weights")]
    [InlineData("Loop with If")]
    public void An_inspection_shows_nodes_and_size_without_samples(string kind)
    {
        string path = Make(kind).Save(_folder.PathTo("body.onnx"));
        PtqResult result = Quantize(path);

        InspectedWay way = ModelInspector.Inspect(path).Ways.Single(each => each.Way == QuantizationWay.StaticInt8);

        way.Nodes.Should().Be(result.QuantizedNodes.Count);
        way.Float.Should().BeEmpty();
        way.Bytes.Should().BeInRange(result.OutputBytes - 100, result.OutputBytes + 100);
    }

    [Fact]
    public void ONNX_accepts_models_with_quantized_bodies()
    {
        string[] kinds = ["If", "If within If", "captured weights", "Loop", "Loop with If", "Scan"];
        string[] written = [.. kinds.Select(kind => PostTrainingQuantizer.Quantize(
            Make(kind).Save(_folder.PathTo($"{kind}.onnx")), Samples(1, 32), _folder.PathTo($"{kind}.int8.onnx"), Options).OutputPath)];

        (int accepted, int beyond, string[] refused) = OnnxChecker.Check(written);

        refused.Should().BeEmpty();
        accepted.Should().Be(kinds.Length);
        beyond.Should().Be(0);
    }

    [Fact]
    public void An_automatic_choice_quantizes_bodies_too()
    {
        string path = Make("If").Save(_folder.PathTo("body.onnx"));

        AutoResult result = AutoQuantizer.Run(
            path, Samples(1, 32), Samples(100, 32), _folder.PathTo("auto.onnx"), new AutoOptions { Static = Options });

        result.Candidates.Single(each => each.Way == QuantizationWay.StaticInt8).Model!.QuantizedNodes.Should()
            .Equal("y-node/then_branch/t-node", "y-node/else_branch/e-node");
    }

    [Fact]
    public async Task Samples_that_come_asynchronously_give_the_same_model()
    {
        string path = Make("Loop with If").Save(_folder.PathTo("body.onnx"));
        PtqResult expected = Quantize(path);

        PtqResult result = await PostTrainingQuantizer.QuantizeAsync(
            path, Samples(1, 32).ToAsyncEnumerable(), _folder.PathTo("async.onnx"), Options, null, TestContext.Current.CancellationToken);

        (await File.ReadAllBytesAsync(result.OutputPath, TestContext.Current.CancellationToken)).Should()
            .Equal(await File.ReadAllBytesAsync(expected.OutputPath, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_plan_of_a_body_that_does_not_fit_is_refused()
    {
        string path = Make("If").Save(_folder.PathTo("body.onnx"));
        QuantizationPlan plan = Quantize(path).Plan;
        BodyPlan body = plan.Bodies[0];

        Refused(plan with { Bodies = [.. plan.Bodies, body] })
            .WithMessage("*names the body 'y-node/then_branch' twice; leave one of them out*");
        Refused(plan with { Bodies = [body with { Body = "z/then_branch" }] })
            .WithMessage("*names the body 'z/then_branch', which the model does not have*");
        Refused(plan with { Bodies = [body with { Plan = body.Plan with { Recipe = "dynamic-int8" } }] })
            .WithMessage("*its body 'y-node/then_branch' of dynamic-int8*");
        Refused(plan with { Bodies = [body with { Plan = body.Plan with { Nodes = [body.Plan.Nodes[0] with { Node = "q" }] } }] })
            .WithMessage("In body 'y-node/then_branch': *calls the node that makes 't' 'q', but the model calls it 't-node'*");

        FluentAssertions.Specialized.ExceptionAssertions<ArgumentException> Refused(QuantizationPlan wrong) =>
            FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(path, wrong, _folder.PathTo("wrong.onnx"))).Should()
                .Throw<ArgumentException>();
    }

    [Fact]
    public void A_plan_without_bodies_is_of_the_first_version()
    {
        PtqResult flat = PostTrainingQuantizer.Quantize(
            ModelBuilder.Linear().Save(_folder.PathTo("flat.onnx")),
            ModelBuilder.LinearSamples(),
            _folder.PathTo("flat.int8.onnx"),
            Options);
        PtqResult bodies = Quantize(Make("If").Save(_folder.PathTo("body.onnx")));

        flat.Plan.Save(_folder.PathTo("flat.json"));
        bodies.Plan.Save(_folder.PathTo("bodies.json"));

        File.ReadAllText(_folder.PathTo("flat.json")).Should().Contain("\"version\": 1,").And.NotContain("bodies");
        File.ReadAllText(_folder.PathTo("bodies.json")).Should().Contain("\"version\": 2,").And.Contain("\"body\": \"y-node/then_branch\"");
    }

    [Theory]
    [InlineData("If", 2)]
    [InlineData("Loop with If", 2)]
    public void A_search_quantizes_bodies_with_each_calibrator(string kind, int nodes)
    {
        string path = Make(kind).Save(_folder.PathTo("body.onnx"));
        SearchOptions options =
            new() { Metric = ModelMetric.SignalToNoise, ActivationCalibrators = [new MaxCalibrator(), new PercentileCalibrator(90)] };

        SearchResult result = PtqSearch.Run(path, Samples(1, 32), Samples(50, 16), _folder.PathTo("out.onnx"), options);

        SearchTrial[] bodies = [.. result.Trials.Where(trial => trial.Name.Contains("branches and loops by"))];
        bodies.Select(trial => trial.Name[trial.Name.LastIndexOf("by ", StringComparison.Ordinal)..]).Should()
            .Equal("by MSE", "by Max", "by Percentile 90");
        bodies[1].Score.SignalToNoise.Should().BeGreaterThan(bodies[2].Score.SignalToNoise, "a tenth of the values is cut off");
        result.Best.Should().Match<SearchTrial>(best => best == bodies[0] || best == bodies[1]);
        result.Model.QuantizedNodes.Should().HaveCount(nodes);
        result.Model.Int8Nodes.Should().Be(nodes);
    }

    [Fact]
    public void A_search_decides_the_main_graph_and_then_the_bodies()
    {
        ModelBuilder model = Make("If").Constant("v", Weights(7), Width, Width).Node("MatMul", ["y", "v"], "z").Output("z", Rows, Width);
        string path = model.Save(_folder.PathTo("body.onnx"));

        SearchResult result = PtqSearch.Run(
            path, Samples(1, 32), Samples(50, 16), _folder.PathTo("out.onnx"), new SearchOptions { Metric = ModelMetric.SignalToNoise });

        result.Model.QuantizedNodes.Should().Equal("z-node", "y-node/then_branch/t-node", "y-node/else_branch/e-node");
        result.Best.Score.SignalToNoise.Should().BeLessThan(result.Baseline.Score.SignalToNoise, "its bodies round too");
    }

    [Theory]
    [InlineData(25, 0)]
    [InlineData(45, 1)]
    [InlineData(200, 2)]
    public void Partial_quantization_leaves_bodies_in_float_where_the_target_needs_it(double decibels, int inFloat)
    {
        // Most samples take one branch; where that is in float, few are left with noise.
        string path = Make("If").Save(_folder.PathTo("body.onnx"));
        SampleList samples = Samples(50, 16);

        PartialResult result = PartialQuantizer.Run(
            path,
            Samples(1, 32),
            samples,
            _folder.PathTo("out.onnx"),
            new PartialOptions { Target = PartialTarget.Reach(decibels), Metric = ModelMetric.SignalToNoise });

        result.IsTargetMet.Should().BeTrue();
        result.Written.FloatBodies.Should().HaveCount(inFloat);
        result.Model.QuantizedNodes.Should().HaveCount(2 - inFloat);
    }

    private const float Threshold = 2.3f;

    private static PtqOptions Options => new() { LatencyRuns = 0, Refine = false };

    private PtqResult Quantize(string path, PtqOptions? options = null) =>
        PostTrainingQuantizer.Quantize(path, Samples(1, 32), _folder.PathTo("out.onnx"), options ?? Options);

    private static SampleList Samples(int seed, int count) =>
        new([.. Enumerable.Range(seed, count).Select(
            i => new ModelSample($"sample {i}", SampleTensor.Create<float>("x", RandomTensors.Normal(i, Rows * Width), Rows, Width)))]);

    private static float[] Read(ModelSample sample) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(sample.Inputs[0].Data).ToArray();

    private static ModelBuilder Make(string kind)
    {
        ModelBuilder model = Condition();
        switch (kind)
        {
            case "If":
                return model.Node("If", ["yes"], "y", Body("then_branch", Branch("t", 1)), Body("else_branch", Branch("e", 2)))
                    .Output("y", Rows, Width);
            case "If within If":
                GraphProto inner = new ModelBuilder().Node("ReduceMean", ["x"], "mean", ModelBuilder.Int("keepdims", 0))
                    .Constant("zero", [0]).Node("Greater", ["mean", "zero"], "also")
                    .Node("If", ["also"], "d", Body("then_branch", Branch("t", 1)), Body("else_branch", Branch("u", 4)))
                    .Output("d", Rows, Width).Graph;
                return model.Node("If", ["yes"], "y", Body("then_branch", inner), Body("else_branch", Branch("e", 2)))
                    .Output("y", Rows, Width);
            case "captured weights":
                return model.Constant("w", Weights(1), Width, Width).Node("If", ["yes"], "y",
                    Body("then_branch", new ModelBuilder().Node("MatMul", ["x", "w"], "t").Output("t", Rows, Width).Graph),
                    Body(
                        "else_branch",
                        new ModelBuilder().Node("Neg", ["x"], "n").Node("MatMul", ["n", "w"], "e").Output("e", Rows, Width).Graph))
                    .Output("y", Rows, Width);
            case "Scan" or "backward Scan":
                ModelBuilder step = new ModelBuilder().Input("s", 1, Width).Input("row", Width).Constant("w", Weights(1), Width, Width)
                    .Integers("first", 0)
                    .Node("Unsqueeze", ["row", "first"], "r").Node("Tanh", ["s"], "h").Node("Add", ["r", "h"], "q")
                    .Node("MatMul", ["q", "w"], "p").Output("p", 1, Width);
                return model.Constant("start", new float[Width], 1, Width)
                    .Node("Scan", ["start", "x"], "y", Body("body", step.Graph), ModelBuilder.Int("num_scan_inputs", 1), ModelBuilder.Ints(
                        "scan_input_directions", kind == "Scan" ? 0 : 1)).Output("y", 1, Width);
            default:
                ModelBuilder body = new ModelBuilder().Input("i").Input("go").Input("s", Rows, Width).Node("Identity", ["go"], "on");
                (body.Graph.Input[0].Type.TensorType.ElemType, body.Graph.Input[1].Type.TensorType.ElemType) =
                    ((int)TensorProto.Types.DataType.Int64, (int)TensorProto.Types.DataType.Bool);
                if (kind == "Loop with If")
                {
                    body.Integers("one", [1], []).Node("Equal", ["i", "one"], "is")
                        .Node("If", ["is"], "p", Body("then_branch", Branch("t", 1, "s")), Body("else_branch", Branch("e", 2, "s")));
                }
                else
                {
                    body.Constant("w", Weights(1), Width, Width).Node("MatMul", ["s", "w"], "p");
                }

                body.Output("on").Output("p", Rows, Width);
                body.Graph.Output[0].Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Bool;
                if (kind == "Loop without types")
                {
                    body.Graph.Input[2].Type = null;
                }

                model.Graph.Initializer.Add(
                    new TensorProto { Name = "true", DataType = (int)TensorProto.Types.DataType.Bool, Int32Data = { 1 } });
                return model.Integers("twice", [2], [])
                    .Node("Loop", ["twice", "true", "x"], "y", Body("body", body.Graph)).Output("y", Rows, Width);
        }
    }

    /// <summary>A condition that holds for some inputs and not for others.</summary>
    private static ModelBuilder Condition() => new ModelBuilder().Input("x", Rows, Width).Constant("least", [Threshold])
        .Node("ReduceMax", ["x"], "most", ModelBuilder.Int("keepdims", 0)).Node("Greater", ["most", "least"], "yes");

    private static GraphProto Branch(string output, int seed, string input = "x") =>
        new ModelBuilder().Constant($"w{seed}", Weights(seed), Width, Width).Node("MatMul", [input, $"w{seed}"], output)
            .Output(output, Rows, Width).Graph;

    private static GraphProto Convolutions(string output, int seed) => new ModelBuilder()
        .Constant($"{output}-v", RandomTensors.Normal(seed, 8 * 3 * 9, 0.2), 8, 3, 3, 3)
        .Constant($"{output}-w", RandomTensors.Normal(seed + 10, 4 * 8 * 9, 0.2), 4, 8, 3, 3)
        .Node("Conv", ["x", $"{output}-v"], $"{output}-a", ModelBuilder.Ints("strides", 2, 2), ModelBuilder.Ints("pads", 1, 1, 1, 1))
        .Node("Relu", [$"{output}-a"], $"{output}-b")
        .Node("Conv", [$"{output}-b", $"{output}-w"], output, ModelBuilder.Ints("pads", 1, 1, 1, 1)).Output(output, 1, 4, 4, 4).Graph;

    private static float[] Weights(int seed) => RandomTensors.Normal(seed, Width * Width, 0.2);

    private static AttributeProto Body(string name, GraphProto graph) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = graph };
}
