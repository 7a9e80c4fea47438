using System.Diagnostics;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests;

/// <summary>Small models that would keep ONNX Runtime busy for hours, or that nobody can read.</summary>
public sealed class HostileModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathTo("model.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Functions_that_double_at_each_level_in_the_file_that_showed_it()
    {
        string path = SharedFolder.Hostile("f_laughs.onnx");
        Stopwatch time = Stopwatch.StartNew();

        Refused(path, "the calls of function 'f8' of domain '*' come to * nodes when ONNX Runtime inlines them, and 100000 are the most "
            + "that are accepted; *");

        time.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(5, "111110")]
    [InlineData(100, "more than 9223372036854775807")]
    public void Functions_that_become_too_many_nodes(int levels, string nodes) =>
        Refused(Nested(levels, 10).Save(ModelPath), $"the calls of function 'f{levels - 1}' of domain 'd' come to {nodes} nodes when ONNX "
            + "Runtime inlines them, *");

    [Fact]
    public void Functions_of_which_nothing_is_left_take_their_time_all_the_same()
    {
        ModelBuilder model = Nested(9, 10);
        model.Model.Functions[0].Node.Clear();

        Refused(model.Save(ModelPath), "the calls of function 'f8' of domain 'd' come to 111111110 nodes *");
    }

    /// <summary>ONNX Runtime inlines the functions, and then gives back a model that is nested more deeply than it was.</summary>
    [Fact]
    public void Branches_in_functions_that_are_called_in_branches()
    {
        ModelBuilder model = Deep(20);
        FunctionProto function =
            new() { Name = "f", Domain = "d", Input = { "c", "x" }, Output = { "t20" }, Node = { Deep(20).Graph.Node.Skip(3) },
                OpsetImport = { model.Model.OpsetImport } };
        model.Model.IrVersion = 8;
        model.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "d", Version = 1 });
        model.Model.Functions.Add(function);
        GraphProto innermost = model.Graph.AllGraphs().Single(graph => graph.Name == "t0");
        innermost.Node[0] = new NodeProto { OpType = "f", Domain = "d", Input = { "c", "x" }, Output = { "t0" } };
        model.Save(ModelPath);

        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(ModelPath, ModelBuilder.LinearSamples(), _folder.PathTo("out.onnx")))
            .Should().Throw<OnnxModelException>()
            .WithMessage($"{ModelPath}: graphs inside of nodes (If, Loop, Scan) are nested 40 deep, and *");
        _folder.Entries.Should().Equal("model.onnx");
    }

    [Fact]
    public void Functions_within_the_limit_are_accepted_and_counted_exactly()
    {
        ModelLimits.ThrowIfExceeded(ModelPath, Nested(5, 9).Model);

        ModelBuilder model = Nested(1, 9);
        for (int i = 0; i < 11_110; i++)
        {
            Call(model.Graph, "f0");
        }

        ModelLimits.ThrowIfExceeded(ModelPath, model.Model); // 11,111 calls of 9 nodes
        Call(model.Graph, "f0");
        FluentActions.Invoking(() => ModelLimits.ThrowIfExceeded(ModelPath, model.Model)).Should().Throw<OnnxModelException>()
            .WithMessage("*'f0' of domain 'd' come to 100008 nodes *");
    }

    [Fact]
    public void Calls_inside_of_branches_count()
    {
        ModelBuilder model = Nested(5, 9);
        NodeProto branch = new() { OpType = "If", Attribute = { new AttributeProto { Name = "then_branch", G = new GraphProto() } } };
        Call(branch.Attribute[0].G, "f4");
        Call(branch.Attribute[0].G, "f4");
        model.Model.Functions.Add(new FunctionProto { Name = "g", Domain = "d", Node = { branch } });
        Call(model.Graph, "g");

        Refused(model.Save(ModelPath), "the calls of function 'g' of domain 'd' come to 132861 nodes *");
    }

    [Fact]
    public void Overloads_and_domains_are_distinguished()
    {
        ModelBuilder model = Nested(5, 10);
        model.Model.Functions.Add(
            new FunctionProto { Name = "f4", Domain = "d", Overload = "small", Node = { new NodeProto { OpType = "Relu" } } });
        model.Model.Functions.Add(new FunctionProto { Name = "f4", Domain = "e", Node = { new NodeProto { OpType = "Relu" } } });
        Call(model.Graph, "f4", domain: "e");
        Call(model.Graph, "f4", overload: "small");
        FluentActions.Invoking(() => ModelLimits.ThrowIfExceeded(ModelPath, model.Model)).Should().Throw<OnnxModelException>()
            .WithMessage("*come to 111110 nodes *");

        model.Graph.Node.RemoveAt(0); // the call of the large one
        ModelLimits.ThrowIfExceeded(ModelPath, model.Model);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5000)]
    public void Functions_that_call_themselves(int length)
    {
        ModelBuilder model = ModelBuilder.Linear();
        for (int i = 0; i < length; i++)
        {
            NodeProto branch = new() { OpType = "If", Attribute = { new AttributeProto { Name = "then_branch", G = new GraphProto() } } };
            Call(branch.Attribute[0].G, $"f{(i + 1) % length}");
            model.Model.Functions.Add(new FunctionProto { Name = $"f{i}", Domain = "d", Node = { branch } });
        }

        Refused(model.Save(ModelPath), "function 'f*' of domain 'd' calls itself, directly or through others, so it has no end; export "
            + "the model again.");
    }

    [Fact]
    public void A_long_chain_of_functions()
    {
        ModelLimits.ThrowIfExceeded(ModelPath, Nested(100, 1).Model);

        Refused(Nested(10_000, 1).Save(ModelPath), "function 'f9999' of domain 'd' calls functions 10000 levels deep, and 100 are the "
            + "most that are accepted; *");
    }

    [Fact]
    public void A_function_with_a_large_tensor_that_is_called_often()
    {
        ModelBuilder model = ModelBuilder.Linear();
        TensorProto tensor = TensorData.Make<byte>(TensorProto.Types.DataType.Uint8, new byte[1 << 20], 1 << 20);
        NodeProto constant =
            new() { OpType = "Constant", Output = { "c" }, Attribute =
                { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = tensor } } };
        model.Model.Functions.Add(new FunctionProto { Name = "f", Domain = "d", Node = { constant } });
        for (int i = 0; i < 2049; i++)
        {
            Call(model.Graph, "f");
        }

        Refused(model.Save(ModelPath), "the calls of function 'f' of domain 'd' come to 2148532224 bytes of tensors when ONNX Runtime "
            + "inlines them, and 2147483648 are the most that are accepted; *");
    }

    /// <summary>ONNX Runtime opens 31 levels and refuses 32, with "Protobuf parsing failed".</summary>
    [Fact]
    public void Branches_nested_too_deeply()
    {
        Refused(SharedFolder.Hostile("n_40.onnx"), "graphs inside of nodes (If, Loop, Scan) are nested 41 deep, and ONNX Runtime reads 31 "
            + "at most; export the model with fewer branches inside of each other.");
        Refused(Deep(32).Save(ModelPath), "graphs inside of nodes (If, Loop, Scan) are nested 32 deep, and *");
        Refused(Deep(33).Save(ModelPath), "graphs inside of nodes (If, Loop, Scan) are nested 33 deep, and *");
        Refused(Deep(300).Save(ModelPath), "graphs inside of nodes (If, Loop, Scan) are nested more than 83 deep, and *");
    }

    [Fact]
    public void Branches_nested_as_deeply_as_ONNX_Runtime_reads_are_quantized()
    {
        PtqResult result =
            PostTrainingQuantizer.Quantize(Deep(31).Save(ModelPath), ModelBuilder.LinearSamples(), _folder.PathTo("out.onnx"));

        result.QuantizedNodes.Should().Contain("y-node");
    }

    /// <summary>Nested iterators would take the square of the depth, and recursion the stack.</summary>
    [Fact]
    public void Graphs_of_any_depth_are_walked_without_recursion()
    {
        const int Depth = 200_000;
        GraphProto graph = new() { Name = "0" };
        for (int i = 1; i <= Depth; i++)
        {
            graph = new GraphProto { Name = $"{i}", Node = { new NodeProto { Attribute = { new AttributeProto { G = graph } } } } };
        }

        Stopwatch time = Stopwatch.StartNew();
        graph.AllGraphs().Select(each => each.Name).Should().StartWith([$"{Depth}", $"{Depth - 1}"]).And.EndWith("0")
            .And.HaveCount(Depth + 1);
        time.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Graphs_come_in_the_order_of_their_nodes()
    {
        GraphProto Graph(string name, params GraphProto[] inner) =>
            new() { Name = name, Node = { inner.Select(each => new NodeProto { Attribute = { new AttributeProto { G = each } } }) } };
        GraphProto graph = Graph("a", Graph("b", Graph("c"), Graph("d")), Graph("e", Graph("f")));
        graph.Node[1].Attribute[0].Graphs.Add(Graph("g"));

        graph.AllGraphs().Select(each => each.Name).Should().Equal("a", "b", "c", "d", "e", "f", "g");
    }

    [Fact]
    public void Too_many_outputs()
    {
        ModelBuilder model = ModelBuilder.Linear();
        for (int i = 1; i < 2048; i++)
        {
            model.Output($"y{i}", -1, 3);
        }

        ModelLimits.ThrowIfExceeded(ModelPath, model.Model);
        Refused(
            model.Output("last", -1, 3).Save(ModelPath),
            "graph 'test' has 2049 outputs, and 2048 are the most that are accepted, since ONNX Runtime's time grows with their square; "
                + "export the model with fewer outputs.");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_pipe_as_the_model()
    {
        NamedPipe.Make(ModelPath);

        await Task.Run(() => Refused(ModelPath, "this is a named pipe, and models are read only from regular files; copy it into one "
            + "and name that."), TestContext.Current.CancellationToken);
    }

    /// <summary>A linear model with a chain of functions, each of which calls the next so many times; the model calls the first.</summary>
    private static ModelBuilder Nested(int levels, int width)
    {
        ModelBuilder model = ModelBuilder.Linear();
        model.Graph.Node.Clear();
        for (int level = 0; level < levels; level++)
        {
            FunctionProto function = new() { Name = $"f{level}", Domain = "d" };
            function.Node.Add(Enumerable.Range(0, width)
                .Select(_ => level == 0 ? new NodeProto { OpType = "Relu" } : new NodeProto { OpType = $"f{level - 1}", Domain = "d" }));
            model.Model.Functions.Add(function);
        }

        Call(model.Graph, $"f{levels - 1}");
        return model;
    }

    private static void Call(GraphProto graph, string function, string domain = "d", string overload = "")
    {
        NodeProto node = new() { OpType = function, Domain = domain };
        if (overload.Length > 0)
        {
            node.Overload = overload;
        }

        graph.Node.Add(node);
    }

    /// <summary>A linear model beside an If in a branch of an If, and so on.</summary>
    private static ModelBuilder Deep(int depth)
    {
        GraphProto graph = Leaf("t0");
        for (int i = 1; i <= depth; i++)
        {
            NodeProto branch = new() { OpType = "If", Name = $"if{i}", Input = { "c" }, Output = { $"t{i}" } };
            branch.Attribute.Add(new AttributeProto { Name = "then_branch", Type = AttributeProto.Types.AttributeType.Graph, G = graph });
            branch.Attribute.Add(
                new AttributeProto { Name = "else_branch", Type = AttributeProto.Types.AttributeType.Graph, G = Leaf($"e{i}") });
            graph = new GraphProto { Name = $"g{i}", Node = { branch }, Output = { Value($"t{i}") } };
        }

        ModelBuilder model = ModelBuilder.Linear();
        model.Node("ReduceMax", ["x"], "m", ModelBuilder.Int("keepdims", 0)).Node("Cast", ["m"], "c",
            ModelBuilder.Int("to", (long)TensorProto.Types.DataType.Bool));
        model.Graph.Node.Add(graph.Node);
        model.Graph.Output.Add(graph.Output);
        return model;
    }

    private static GraphProto Leaf(string output) =>
        new() { Name = output, Node = { new NodeProto { OpType = "Identity", Input = { "x" }, Output = { output } } }, Output =
            { Value(output) } };

    private static ValueInfoProto Value(string name) =>
        new() { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1 } } };

    [Fact]
    public void A_node_without_outputs()
    {
        ModelBuilder model = ModelBuilder.Linear();
        model.Graph.Node[0].Output.Clear();

        Refused(model.Save(ModelPath), "node 'y-node' (Gemm) has no output; export the model again.");
    }

    [Fact]
    public void A_node_with_too_few_inputs()
    {
        ModelBuilder model = ModelBuilder.Linear();
        model.Graph.Node[0].Input.RemoveAt(2);
        model.Graph.Node[0].Input.RemoveAt(1);

        Refused(model.Save(ModelPath), "node 'y-node' (Gemm) has 1 inputs and needs 2 at least; export the model again.");
    }

    /// <summary>There is nothing to quantize in it, and a copy of it would help nobody.</summary>
    [Fact]
    public void A_model_that_ONNX_Runtime_refuses_is_not_copied()
    {
        string path = new ModelBuilder().Input("x", 1, 4).Node("Relu", ["nowhere"], "y").Output("y").Save(ModelPath);

        FluentActions.Invoking(() => DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx"))).Should().Throw<OnnxModelException>()
            .WithMessage($"{path}: ONNX Runtime refuses the model: *nowhere*");
        _folder.Entries.Should().Equal("model.onnx");
    }

    private static void Refused(string path, string message) =>
        FluentActions.Invoking(() => ModelFile.Load(path)).Should().Throw<OnnxModelException>().WithMessage($"{path}: {message}");
}
