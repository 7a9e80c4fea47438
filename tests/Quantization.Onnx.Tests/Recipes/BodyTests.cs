using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Recipes;

/// <summary>Matrices in the branches of If and the bodies of Loop and Scan become codes like all others.</summary>
public sealed class BodyTests : IDisposable
{
    private const int Rows = 3, Width = 64;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, bool> Cases => new(from kind in (string[])["If", "If within If", "Loop", "Scan", "captured weights"]
        from isDynamic in (bool[])[false, true]
        select (kind, isDynamic));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_body_computes_what_its_nodes_compute_in_the_main_graph(string kind, bool isDynamic)
    {
        float[] x = RandomTensors.Normal(9, Rows * Width);
        (ModelBuilder withBody, ModelBuilder flat) = Make(kind);
        string path = withBody.Save(_folder.PathTo("body.onnx"));

        PtqResult result = Quantize(path, "body.int8.onnx", isDynamic),
            flatResult = Quantize(flat.Save(_folder.PathTo("flat.onnx")), "flat.int8.onnx", isDynamic);

        float[] computed = ModelRun.Floats(ModelFile.Load(result.OutputPath).Model, x, Rows, Width)[0];
        float[] expected = ModelRun.Floats(ModelFile.Load(flatResult.OutputPath).Model, x, Rows, Width)[0];
        if (kind == "Scan" && !isDynamic)
        {
            Decibels.Sqnr(expected, computed).Should().BeGreaterThan(120, "ONNX Runtime adds up floats in another order");
            result.Int8Operators.Should().BeEmpty("in the body of a Scan ONNX Runtime 1.31.1 does not join DequantizeLinear and MatMul");
        }
        else
        {
            computed.Should().Equal(expected);
            result.Int8Operators.Keys.Should()
                .Equal([isDynamic ? "DynamicQuantizeMatMul" : "MatMulNBits"], "ONNX Runtime joins the nodes of bodies as it does others");
        }

        computed.Should().NotEqual(ModelRun.Floats(withBody.Model, x, Rows, Width)[0], "codes round");
        result.FloatNodes.Should().BeEmpty();
        result.OutputBytes.Should().BeLessThan(result.ModelBytes * 3 / 4);
    }

    [Theory]
    [InlineData("If", BlockForm.MatMulNBits)]
    [InlineData("If within If", BlockForm.MatMulNBits)]
    [InlineData("Loop", BlockForm.MatMulNBits)]
    [InlineData("Scan", BlockForm.MatMulNBits)]
    [InlineData("captured weights", BlockForm.MatMulNBits)]
    [InlineData("If", BlockForm.DequantizeLinear)]
    [InlineData("Loop", BlockForm.DequantizeLinear)]
    public void Weights_of_4_bits_in_a_body_compute_what_they_compute_in_the_main_graph(string kind, BlockForm form)
    {
        WeightOnlyOptions options = new() { Bits = 4, Form = form };
        float[] x = RandomTensors.Normal(9, Rows * Width);
        (ModelBuilder withBody, ModelBuilder flat) = Make(kind);

        PtqResult result = WeightQuantizer.Quantize(withBody.Save(_folder.PathTo("body.onnx")), _folder.PathTo("body.int4.onnx"), options);
        PtqResult flatResult = WeightQuantizer.Quantize(flat.Save(_folder.PathTo("flat.onnx")), _folder.PathTo("flat.int4.onnx"), options);

        float[] computed = ModelRun.Floats(ModelFile.Load(result.OutputPath).Model, x, Rows, Width)[0];
        computed.Should().Equal(ModelRun.Floats(ModelFile.Load(flatResult.OutputPath).Model, x, Rows, Width)[0]);
        result.FloatNodes.Should().BeEmpty();
        result.RoundedLayers.Should().NotBeEmpty().And.OnlyContain(layer => layer.Bits == 4);
        result.Int8Operators.Keys.Should().Equal("MatMulNBits");
        result.OutputBytes.Should().BeLessThan(result.ModelBytes / 2);
    }

    [Fact]
    public void Samples_round_the_weights_outside_of_a_body_alone()
    {
        string path = Make("captured weights").WithBody.Save(_folder.PathTo("body.onnx"));
        SampleList samples = new([.. Enumerable.Range(0, 4).Select(
            i => new ModelSample($"sample {i}", SampleTensor.Create<float>("x", RandomTensors.Normal(i, Rows * Width), Rows, Width)))]);

        PtqResult result = WeightQuantizer.Quantize(path, samples, _folder.PathTo("out.onnx"), new WeightOnlyOptions { Bits = 4 });
        QuantizationPlan wrong = result.Plan with
        {
            Nodes = [.. result.Plan.Nodes.Select(node => node with { Weights = node.Weights! with { Method = WeightMethod.Gptq } })]
        };

        result.Plan.Nodes.ToDictionary(node => node.Node, node => node.Weights!.Method).Should()
            .Equal(new Dictionary<string, WeightMethod> { ["a-node"] = WeightMethod.Gptq, ["t-node"] = WeightMethod.Nearest });
        FluentActions.Invoking(() => WeightQuantizer.Quantize(path, wrong, samples, _folder.PathTo("wrong.onnx"))).Should()
            .Throw<ArgumentException>()
            .WithMessage("*rounds the weights of node 't-node' by the method Gptq, which sees no value inside of a branch or loop; make "
                + "the method nearest*");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_LSTM_of_a_body_becomes_the_dynamic_one(bool isLoop)
    {
        const int Inputs = 32, Memory = 24;
        ModelBuilder flat = Condition(), model = Condition();
        model.Graph.Input.Clear();
        flat.Graph.Input.Clear();
        model.Input("x", Rows, 1, Inputs);
        AddLstm(flat.Input("x", Rows, 1, Inputs), Inputs, Memory, "y").Output("y", Rows, 1, 1, Memory);
        if (isLoop)
        {
            ModelBuilder loop = new ModelBuilder().Input("i").Input("go").Node("Identity", ["go"], "on");
            AddLstm(loop, Inputs, Memory, "t").Output("on").Output("t", Rows, 1, 1, Memory);
            (loop.Graph.Input[0].Type.TensorType.ElemType, loop.Graph.Input[1].Type.TensorType.ElemType, loop.Graph.Output[
                0].Type.TensorType.ElemType) =
                ((int)TensorProto.Types.DataType.Int64, (int)TensorProto.Types.DataType.Bool, (int)TensorProto.Types.DataType.Bool);
            model.Graph.Initializer.Add(
                new TensorProto { Name = "true", DataType = (int)TensorProto.Types.DataType.Bool, Int32Data = { 1 } });
            model.Integers("once", [1], []).Node("Loop", ["once", "true"], "all", Body("body", loop.Graph)).Integers("first", 0)
                .Node("Squeeze", ["all", "first"], "y");
        }
        else
        {
            model.Node(
                "If",
                ["yes"],
                "y",
                Body("then_branch", AddLstm(new ModelBuilder(), Inputs, Memory, "t").Output("t", Rows, 1, 1, Memory).Graph),
                Body("else_branch", AddLstm(new ModelBuilder(), Inputs, Memory, "e").Output("e", Rows, 1, 1, Memory).Graph));
        }

        float[] x = RandomTensors.Normal(3, Rows * Inputs);
        PtqResult result = Quantize(
            model.Output("y", Rows, 1, 1, Memory).Save(_folder.PathTo("body.onnx")), "body.int8.onnx", isDynamic: true);
        PtqResult flatResult = Quantize(flat.Save(_folder.PathTo("flat.onnx")), "flat.int8.onnx", isDynamic: true);

        float[] computed = ModelRun.Floats(ModelFile.Load(result.OutputPath).Model, x, Rows, 1, Inputs)[0];
        computed.Should().Equal(ModelRun.Floats(ModelFile.Load(flatResult.OutputPath).Model, x, Rows, 1, Inputs)[0]);
        computed.Should().NotEqual(ModelRun.Floats(model.Model, x, Rows, 1, Inputs)[0], "codes round");
        result.Int8Operators.Keys.Should().Equal("DynamicQuantizeLSTM");
        result.FloatNodes.Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Weights_of_a_body_that_are_computed_from_constants_become_codes(bool isDynamic)
    {
        // The branch slices and transposes a larger constant of the outer graph.
        GraphProto then = new ModelBuilder().Constant("half", Weights(2)[..(Width * Width / 2)], Width / 2, Width).Integers("from", 0)
            .Integers("to", Width / 2).Node("Slice", ["outer", "from", "to"], "part")
            .Node("Concat", ["part", "half"], "whole", ModelBuilder.Int("axis", 0)).Node("Transpose", ["whole"], "turned")
            .Node("MatMul", ["x", "turned"], "t").Output("t", Rows, Width).Graph;
        ModelBuilder model = Condition().Constant("outer", Weights(1), Width, Width);
        model.Node("If", ["yes"], "y", Body("then_branch", then), Body(
            "else_branch", new ModelBuilder().Node("Neg", ["x"], "e").Output("e", Rows, Width).Graph)).Output("y", Rows, Width);
        float[] whole = [.. Weights(1)[..(Width * Width / 2)], .. Weights(2)[..(Width * Width / 2)]], turned = new float[Width * Width];
        for (int i = 0; i < turned.Length; i++)
        {
            turned[i] = whole[i % Width * Width + i / Width];
        }

        ModelBuilder flat = new ModelBuilder().Input("x", Rows, Width).Constant("w", turned, Width, Width).Node("MatMul", ["x", "w"], "y")
            .Output("y", Rows, Width);
        float[] x = RandomTensors.Normal(9, Rows * Width);

        PtqResult result = Quantize(model.Save(_folder.PathTo("body.onnx")), "body.int8.onnx", isDynamic),
            flatResult = Quantize(flat.Save(_folder.PathTo("flat.onnx")), "flat.int8.onnx", isDynamic);

        result.QuantizedNodes.Should().Equal("t-node");
        ModelRun.Floats(ModelFile.Load(result.OutputPath).Model, x, Rows, Width)[0].Should()
            .Equal(ModelRun.Floats(ModelFile.Load(flatResult.OutputPath).Model, x, Rows, Width)[0]);
        result.OutputBytes.Should().BeLessThan(result.ModelBytes / 3, "nobody reads the constants any more that it is made from");
    }

    [Fact]
    public void A_node_of_a_body_can_stay_in_float()
    {
        string path = Make("If").WithBody.Save(_folder.PathTo("body.onnx"));

        PtqResult result = WeightQuantizer.Quantize(
            path, _folder.PathTo("out.onnx"), new WeightOnlyOptions { FloatNodes = new HashSet<string> { "t-node" } });

        result.QuantizedNodes.Should().Equal("e-node");
        result.FloatNodes.Should().Equal(new Dictionary<string, string> { ["t-node"] = "kept in float as asked" });
    }

    [Fact]
    public void A_result_of_the_same_name_in_two_branches_keeps_both_nodes_in_float()
    {
        ModelBuilder model = Condition();
        model.Node("If", ["yes"], "y", Body("then_branch", Branch("same", 1)), Body("else_branch", Branch("same", 2)))
            .Output("y", Rows, Width);

        PtqResult result = DynamicQuantizer.Quantize(model.Save(_folder.PathTo("body.onnx")), _folder.PathTo("out.onnx"));

        result.QuantizedNodes.Should().BeEmpty();
        result.FloatNodes.Should().Equal(new Dictionary<string, string>
        {
            ["same-node"] = "another node makes a value of the same name, and plans tell nodes apart by it"
        });
    }

    [Fact]
    public void A_plan_with_nodes_of_bodies_is_carried_out_again()
    {
        string path = Make("If within If").WithBody.Save(_folder.PathTo("body.onnx"));
        PtqResult first = Quantize(path, "first.onnx", isDynamic: true);
        first.Plan.Save(_folder.PathTo("plan.json"));

        PtqResult second = PostTrainingQuantizer.Quantize(
            path, QuantizationPlan.Load(_folder.PathTo("plan.json")), _folder.PathTo("second.onnx"));

        File.ReadAllBytes(second.OutputPath).Should().Equal(File.ReadAllBytes(first.OutputPath));
    }

    private PtqResult Quantize(string path, string output, bool isDynamic) =>
        isDynamic ? DynamicQuantizer.Quantize(path, _folder.PathTo(output)) : WeightQuantizer.Quantize(path, _folder.PathTo(output));

    /// <summary>A model with a body, and one without that computes the same.</summary>
    private static (ModelBuilder WithBody, ModelBuilder Flat) Make(string kind)
    {
        ModelBuilder model = Condition(), flat = new ModelBuilder().Input("x", Rows, Width);
        switch (kind)
        {
            case "If":
                model.Node("If", ["yes"], "y", Body("then_branch", Branch("t", 1)), Body("else_branch", Branch("e", 2)));
                flat.Constant("w", Weights(1), Width, Width).Node("MatMul", ["x", "w"], "y");
                break;
            case "If within If":
                GraphProto inner = new ModelBuilder()
                    .Node("If", ["yes"], "d", Body("then_branch", Branch("t", 1)), Body("else_branch", Branch("e", 2)))
                    .Output("d", Rows, Width).Graph;
                model.Node("If", ["yes"], "y", Body("then_branch", inner), Body("else_branch", Branch("f", 3)));
                flat.Constant("w", Weights(1), Width, Width).Node("MatMul", ["x", "w"], "y");
                break;
            case "captured weights":
                model.Constant("w", Weights(1), Width, Width).Node("MatMul", ["x", "w"], "a");
                GraphProto reads = new ModelBuilder().Node("MatMul", ["a", "w"], "t").Output("t", Rows, Width).Graph;
                model.Node("If", ["yes"], "y", Body("then_branch", reads), Body(
                    "else_branch", new ModelBuilder().Node("Neg", ["a"], "e").Output("e", Rows, Width).Graph));
                flat.Constant("w", Weights(1), Width, Width).Node("MatMul", ["x", "w"], "a").Node("MatMul", ["a", "w"], "y");
                break;
            case "Loop":
                ModelBuilder body = new ModelBuilder().Input("i").Input("go").Input("s", Rows, Width).Node("Identity", ["go"], "on")
                    .Constant("w", Weights(1), Width, Width).Node("MatMul", ["s", "w"], "p")
                    .Output("on").Output("p", Rows, Width);
                (body.Graph.Input[0].Type.TensorType.ElemType, body.Graph.Input[1].Type.TensorType.ElemType, body.Graph.Output[
                    0].Type.TensorType.ElemType) =
                    ((int)TensorProto.Types.DataType.Int64, (int)TensorProto.Types.DataType.Bool, (int)TensorProto.Types.DataType.Bool);
                model.Graph.Initializer.Add(
                    new TensorProto { Name = "true", DataType = (int)TensorProto.Types.DataType.Bool, Int32Data = { 1 } });
                model.Integers("twice", [2], []).Node("Loop", ["twice", "true", "x"], "y", Body("body", body.Graph));
                flat.Constant("w", Weights(1), Width, Width).Node("MatMul", ["x", "w"], "a").Node("MatMul", ["a", "w"], "y");
                break;
            default:
                ModelBuilder step = new ModelBuilder().Input("s", 1, Width).Input("row", Width).Constant("w", Weights(1), Width, Width)
                    .Integers("first", 0)
                    .Node("Unsqueeze", ["row", "first"], "r").Node("MatMul", ["r", "w"], "p").Node("Add", ["p", "s"], "n")
                    .Output("n", 1, Width);
                model.Constant("start", new float[Width], 1, Width)
                    .Node("Scan", ["start", "x"], "y", Body("body", step.Graph), ModelBuilder.Int("num_scan_inputs", 1));
                flat.Constant("w", Weights(1), Width, Width).Constant("start", new float[Width], 1, Width);
                for (int i = 0; i < Rows; i++)
                {
                    flat.Integers($"{i}", i).Node("Gather", ["x", $"{i}"], $"r{i}").Node("MatMul", [$"r{i}", "w"], $"p{i}")
                        .Node("Add", [$"p{i}", i == 0 ? "start" : $"n{i - 1}"], i == Rows - 1 ? "y" : $"n{i}");
                }

                return (model.Output("y", 1, Width), flat.Output("y", 1, Width));
        }

        return (model.Output("y", Rows, Width), flat.Output("y", Rows, Width));
    }

    /// <summary>A condition that holds.</summary>
    private static ModelBuilder Condition() => new ModelBuilder().Input("x", Rows, Width).Constant("least", [-100])
        .Node("ReduceMax", ["x"], "most", ModelBuilder.Int("keepdims", 0)).Node("Greater", ["most", "least"], "yes");

    private static GraphProto Branch(string output, int seed) =>
        new ModelBuilder().Constant($"w{seed}", Weights(seed), Width, Width).Node("MatMul", ["x", $"w{seed}"], output)
            .Output(output, Rows, Width).Graph;

    private static ModelBuilder AddLstm(ModelBuilder model, int inputs, int memory, string output) => model
        .Constant($"{output}-w", RandomTensors.Normal(21, 4 * memory * inputs, 0.3), 1, 4 * memory, inputs)
        .Constant($"{output}-r", RandomTensors.Normal(22, 4 * memory * memory, 0.3), 1, 4 * memory, memory)
        .Node("LSTM", ["x", $"{output}-w", $"{output}-r"], output, ModelBuilder.Int("hidden_size", memory));

    private static float[] Weights(int seed) => RandomTensors.Normal(seed, Width * Width, 0.2);

    private static AttributeProto Body(string name, GraphProto graph) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = graph };
}
