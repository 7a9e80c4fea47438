using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>
/// What each form of graph becomes: how many nodes run on integers, how many conversions are left, and that the result is close.
/// </summary>
public sealed class GraphTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathTo("model.onnx");

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("conv alone", 1, 2)]
    [InlineData("conv without bias", 1, 2)]
    [InlineData("relu between", 2, 2)]
    [InlineData("residual", 4, 2)]
    [InlineData("max pool", 2, 2)]
    [InlineData("average pool", 3, 2)]
    [InlineData("swish", 4, 2)]
    [InlineData("result read and returned", 2, 3)]
    [InlineData("shared weights", 2, 2)]
    [InlineData("depthwise", 2, 2)]
    [InlineData("transpose and matmul", 2, 1)]
    [InlineData("flatten and gemms", 3, 1)]
    [InlineData("constant nodes", 1, 2)]
    [InlineData("dead channel with a large bias", 2, 2)]
    [InlineData("dead channel of a Gemm with a large bias", 1, 1)]
    public void Runs_on_integers(string name, int int8Nodes, int conversions)
    {
        PtqResult result = Quantize(GraphCases.Make(name));

        result.Int8Nodes.Should().Be(int8Nodes, "these are the integer operators: {0}", string.Join(", ", result.Int8Operators));
        result.Conversions.Should().Be(conversions);
        Decibels.Sqnr(Run(ModelPath), Run(Output)).Should().BeGreaterThan(25);
    }

    [Fact]
    public void A_float_weight_that_another_node_reads_is_kept()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Node("ReduceSum", ["a-b"], "s", ModelBuilder.Int("keepdims", 0))
            .Node("Add", ["a", "s"], "y").Output("y", 1, 4, 8, 8);
        Quantize(model);
        Decibels.Sqnr(Run(ModelPath), Run(Output)).Should().BeGreaterThan(25);
    }

    [Fact]
    public void Nothing_is_quantized_behind_the_last_weighted_node()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Conv("a", "b", 4, 4).Node("Add", ["a", "b"], "c")
            .Node("GlobalAveragePool", ["c"], "y").Output("y", 1, 4, 1, 1);
        Quantize(model).QuantizedNodes.Should().Equal("a-node", "b-node");
    }

    [Theory]
    [InlineData("alpha", "its alpha or beta is not 1")]
    [InlineData("beta", "its alpha or beta is not 1")]
    public void What_integers_cannot_run_stays_in_float_and_says_why(string attribute, string reason)
    {
        ModelBuilder model = ModelBuilder.Linear();
        model.Graph.Node[0].Output[0] = "z";
        model.Graph.Node[0].Name = "z-node";
        model.Graph.Node[0].Attribute.Add(
            new AttributeProto { Name = attribute, Type = AttributeProto.Types.AttributeType.Float, F = 0.5f });
        model.Constant("v", RandomTensors.Normal(1, 6), 3, 2).Node("MatMul", ["z", "v"], "y").Graph.Output.Clear();
        model.Output("y", -1, 2);

        PtqResult result = PostTrainingQuantizer.Quantize(model.Save(ModelPath), ModelBuilder.LinearSamples(), Output);

        result.FloatNodes.Should().Equal(new Dictionary<string, string> { ["z-node"] = reason });
        result.QuantizedNodes.Should().Equal("y-node");
    }

    [Fact]
    public void Computed_weights_stay_in_float()
    {
        ModelBuilder model = new ModelBuilder().Input("x", 1, 3, 8, 8).Constant("v", RandomTensors.Normal(1, 64), 8, 8)
            .Node("MatMul", ["x", "v"], "z").Node("MatMul", ["z", "x"], "y").Output("y", 1, 3, 8, 8);
        Quantize(model).FloatNodes.Should().Equal(new Dictionary<string, string>
        {
            ["y-node"] = "both its operands are computed, and converting them takes the time that integers save"
        });
    }

    [Fact]
    public void A_float_node_asked_for_by_an_unknown_name_is_an_error()
    {
        ModelBuilder.Linear().Save(ModelPath);
        PtqOptions options = new() { FloatNodes = new HashSet<string> { "fc7" } };
        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(ModelPath, ModelBuilder.LinearSamples(), Output, options)).Should()
            .Throw<ArgumentException>()
            .WithMessage(
                $"{ModelPath}: PtqOptions.FloatNodes names 'fc7', but the model has no such node, or it was folded into another; *");
    }

    [Fact]
    public void A_Gemm_made_of_MatMul_and_Add_goes_by_the_name_of_the_MatMul()
    {
        ModelBuilder model = new ModelBuilder().Input("x", -1, 4).Output("y", -1, 3).Constant("w", RandomTensors.Normal(1, 12), 4, 3)
            .Constant("b", [1, 2, 3], 3)
            .Node("MatMul", ["x", "w"], "z").Node("Add", ["z", "b"], "y");
        PtqResult result = PostTrainingQuantizer.Quantize(model.Save(ModelPath), ModelBuilder.LinearSamples(), Output);
        result.QuantizedNodes.Should().Equal("z-node");
        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["QGemm"] = 1 });
    }

    [Fact]
    public void An_older_operator_set_is_raised_where_nothing_else_must_change()
    {
        ModelBuilder model = GraphCases.Image(opset: 9).Conv("x", "a", 3, 4).Node("Relu", ["a"], "b").Conv("b", "y", 4, 4)
            .Output("y", 1, 4, 8, 8);
        Quantize(model).Int8Nodes.Should().Be(2);
        ModelFile.Load(Output).Model.OpsetImport.Should().Equal(new OperatorSetIdProto { Version = 13 });
        Decibels.Sqnr(Run(ModelPath), Run(Output)).Should().BeGreaterThan(25);
    }

    [Fact]
    public void Initializers_listed_as_inputs_become_constants()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "y", 3, 4).Output("y", 1, 4, 8, 8).Input("y-w", 4, 3, 3, 3).Input("y-b", 4);
        Quantize(model).Int8Nodes.Should().Be(1);
        ModelFile.Load(Output).Model.Graph.Input.Select(input => input.Name).Should().Equal("x");
    }

    [Fact]
    public void Branches_come_through_unharmed_and_what_surrounds_them_is_quantized()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Conv("a", "b", 4, 4);
        GraphProto then = new ModelBuilder().Node("Relu", ["a"], "t").Output("t", 1, 4, 8, 8).Graph;
        GraphProto otherwise = new ModelBuilder().Node("Neg", ["b"], "e").Output("e", 1, 4, 8, 8).Graph;
        model.Node("ReduceMax", ["x"], "most", ModelBuilder.Int("keepdims", 0))
            .Constant("zero", [0]).Node("Greater", ["most", "zero"], "yes");
        model.Node("If", ["yes"], "y", Branch("then_branch", then), Branch("else_branch", otherwise)).Output("y", 1, 4, 8, 8);

        PtqResult result = Quantize(model);

        result.QuantizedNodes.Should().Equal("a-node", "b-node");
        GraphProto written = ModelFile.Load(Output).Model.Graph;
        written.Node.Single(node => node.OpType == "If").Should().Be(model.Graph.Node.Single(node => node.OpType == "If"));
        Decibels.Sqnr(Run(ModelPath), Run(Output)).Should().BeGreaterThan(25);
    }

    [Fact]
    public void Nodes_inside_of_branches_stay_in_float_where_a_calibration_alone_is_given()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4);
        GraphProto then = new ModelBuilder().Conv("a", "t", 4, 4).Output("t", 1, 4, 8, 8).Graph;
        GraphProto otherwise = new ModelBuilder().Node("Neg", ["a"], "e").Output("e", 1, 4, 8, 8).Graph;
        model.Node("ReduceMax", ["x"], "most", ModelBuilder.Int("keepdims", 0))
            .Constant("zero", [0]).Node("Greater", ["most", "zero"], "yes");
        model.Node("If", ["yes"], "y", Branch("then_branch", then), Branch("else_branch", otherwise)).Output("y", 1, 4, 8, 8);

        PtqResult result = Quantize(model);

        result.QuantizedNodes.Should().Equal("a-node", "y-node/then_branch/t-node");
        result = PostTrainingQuantizer.Quantize(ModelPath, result.Calibration, Output);
        result.QuantizedNodes.Should().Equal("a-node");
        result.FloatNodes.Should().Equal(new Dictionary<string, string>
        {
            ["y-node/then_branch/t-node"] =
                "it is inside 'y-node' (If), and the graphs inside of nodes are quantized from samples alone, not from a calibration",
        });
        Decibels.Sqnr(Run(ModelPath), Run(Output)).Should().BeGreaterThan(25);
    }

    [Fact]
    public void Around_branches_BatchNormalization_is_folded_and_weights_are_unwrapped()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Constant("mean", [1, 2, 3, 4], 4).Constant("variance", [1, 2, 3, 4], 4)
            .Node("BatchNormalization", ["a", "variance", "mean", "mean", "variance"], "b")
            .Constant("flat", RandomTensors.Normal(5, 144), 36, 4)
            .Node("Transpose", ["flat"], "turned", ModelBuilder.Ints("perm", 1, 0)).Integers("of weights", 4, 4, 3, 3)
            .Node("Reshape", ["turned", "of weights"], "w").Node("Identity", ["mean"], "bias")
            .Node("Conv", ["b", "w", "bias"], "c", ModelBuilder.Ints("pads", 1, 1, 1, 1));
        GraphProto then = new ModelBuilder().Node("Mul", ["c", "turned sum"], "t").Output("t", 1, 4, 8, 8).Graph,
            otherwise = new ModelBuilder().Node("Neg", ["c"], "e").Output("e", 1, 4, 8, 8).Graph;
        model.Node("ReduceMean", ["flat"], "turned sum", ModelBuilder.Int("keepdims", 0))
            .Node("ReduceMax", ["x"], "most", ModelBuilder.Int("keepdims", 0))
            .Constant("zero", [0])
            .Node("Greater", ["most", "zero"], "yes")
            .Node("If", ["yes"], "y", Branch("then_branch", then), Branch("else_branch", otherwise)).Output("y", 1, 4, 8, 8);

        PtqResult result = Quantize(model);

        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["QLinearConv"] = 2 });
        GraphProto written = ModelFile.Load(Output).Model.Graph;
        written.Node.Should().NotContain(node => node.OpType == "BatchNormalization");
        written.Node.Single(node => node.OpType == "If").Attribute.Should()
            .Equal(model.Graph.Node.Single(node => node.OpType == "If").Attribute);
        Decibels.Sqnr(Run(ModelPath), Run(Output)).Should().BeGreaterThan(25);
    }

    [Fact]
    public void Functions_come_through_and_what_surrounds_them_is_quantized()
    {
        ModelBuilder model = GraphCases.Image(opset: 15).Conv("x", "a", 3, 4).Node("Relu", ["a"], "r")
            .Constant("w", RandomTensors.Normal(5, 16), 4, 4, 1, 1).Node("Block", ["r", "w"], "b").Conv("b", "y", 4, 4)
            .Output("y", 1, 4, 8, 8);
        model.Model.IrVersion = 8;
        model.Graph.Node.Single(node => node.OpType == "Block").Domain = "com.example";
        model.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.example", Version = 1 });
        FunctionProto block = new() { Name = "Block", Domain =
            "com.example", OpsetImport = { new OperatorSetIdProto { Version = 15 } }, Input = { "i", "k" }, Output = { "o" } };
        block.Node.Add(new ModelBuilder().Node("Conv", ["i", "k"], "c").Node("Tanh", ["c"], "o").Graph.Node);
        model.Model.Functions.Add(block);

        PtqResult result = Quantize(model);

        result.QuantizedNodes.Should().Contain(["a-node", "y-node"]);
        result.Int8Operators["QLinearConv"].Should().Be(result.QuantizedNodes.Count);
        Decibels.Sqnr(Run(ModelPath), Run(Output)).Should().BeGreaterThan(25);
        OnnxChecker.Check([Output]).Accepted.Should().Be(1);
    }

    [Fact]
    public void A_Conv_kept_in_float_between_integers_is_not_quantized_behind_our_back()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Conv("a", "b", 4, 4).Node("Relu", ["b"], "c").Conv("c", "y", 4, 4)
            .Output("y", 1, 4, 8, 8);
        PtqResult result = Quantize(model, new PtqOptions { FloatNodes = new HashSet<string> { "b-node" } });
        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["QLinearConv"] = 2 });
        result.FloatNodes.Should().Equal(new Dictionary<string, string> { ["b-node"] = "kept in float as asked" });
    }

    [Fact]
    public void The_same_model_gives_the_same_bytes()
    {
        Quantize(GraphCases.Make("residual"));
        byte[] first = File.ReadAllBytes(Output);
        Quantize(GraphCases.Make("residual"));
        File.ReadAllBytes(Output).Should().Equal(first);
    }

    private static AttributeProto Branch(string name, GraphProto graph) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = graph };

    private PtqResult Quantize(ModelBuilder model, PtqOptions? options = null) =>
        PostTrainingQuantizer.Quantize(
            model.Save(ModelPath),
            RandomTensors.Samples(16, model.Graph.Input[0].Type.TensorType.Shape.Dim.Select(length => length.DimValue).ToArray()),
            Output,
            options ?? new PtqOptions { Refine = false });

    /// <summary>The first output for one input that calibration did not see.</summary>
    private static float[] Run(string path)
    {
        using InferenceSession session = new(path);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(RandomTensors.Normal(1, 3 * 64), GraphCases.ImageShape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, new Dictionary<string, OrtValue> { ["x"] = input }, ["y"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
