using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Planning;

/// <summary>Functions of transformers are recognized in the forms that exporters write, and stay in float as wholes.</summary>
public sealed class FloatPatternTests
{
    private const int Width = 8;

    /// <summary>The form, what it is called, and how many nodes it has.</summary>
    public static TheoryData<string, string, int> Forms => new()
    {
        { "Softmax", "Softmax", 1 },
        { "Softmax in parts", "Softmax", 5 },
        { "Gelu", "GELU", 1 },
        { "erf, half last", "GELU", 5 },
        { "erf, half at x", "GELU", 5 },
        { "erf, half first", "GELU", 5 },
        { "tanh, cube by Pow", "GELU", 8 },
        { "tanh, cube by Mul", "GELU", 9 },
        { "LayerNormalization", "LayerNorm", 1 },
        { "LayerNorm in parts", "LayerNorm", 9 },
        { "LayerNorm by reciprocal", "LayerNorm", 8 },
        { "RMSNorm in parts", "RMSNorm", 6 },
        { "RMSNorm by Pow", "RMSNorm", 6 },
        { "RMSNorm, square by a whole number", "RMSNorm", 6 },
        { "RMSNorm by reciprocal", "RMSNorm", 7 },
        { "rotary, joined last", "rotary embedding", 7 },
        { "rotary, joined first", "rotary embedding", 7 },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_form_stays_in_float_as_a_whole(string form, string name, int nodes)
    {
        (GraphIndex graph, string label) = Make(form);

        FloatPattern pattern = graph.Patterns.All.Should().ContainSingle().Subject;

        pattern.Nodes.Should().HaveCount(nodes).And.OnlyHaveUniqueItems();
        pattern.Label.Should().Be(label);
        foreach (TargetRuntime runtime in Enum.GetValues<TargetRuntime>())
        {
            QuantizableGraph analysis = Int8Rules.Apply(graph, Targets.Of(runtime));
            analysis.Whole.Nodes.Should().Contain(node => node.Role == NodeRole.Weighted);
            analysis.Whole.Nodes.Select(node => node.Node).Should().NotIntersectWith(pattern.Nodes);
            analysis.Whole.Notes.Patterns.Should().ContainSingle()
                .Which.Should().Match<KeyValuePair<string, string>>(each => each.Key == label && each.Value.StartsWith($"{name}: "));
        }
    }

    [Theory]
    [InlineData("erf times another value")]
    [InlineData("erf without 1")]
    [InlineData("root divides another value")]
    [InlineData("mean of cubes")]
    [InlineData("mean of cubes by a whole number")]
    [InlineData("concat of other products")]
    [InlineData("rotary, joined first, of two values")]
    [InlineData("rotary, joined first, without slices")]
    [InlineData("powers without their sum")]
    public void What_only_looks_alike_is_none(string form) => Make(form).Graph.Patterns.All.Should().BeEmpty();

    [Theory]
    [InlineData(3, false)]
    [InlineData(4, true)]
    [InlineData(5, true)]
    public void A_table_counts_as_one_of_angles_where_three_nodes_or_fewer_move_what_is_looked_up(int moves, bool becomesCodes)
    {
        ModelBuilder model = new ModelBuilder(17).Input("x", -1, 2 * Width).Ids().Integers("flat", -1)
            .Node("Reshape", ["ids", "flat"], "positions")
            .Constant("cosines", RandomTensors.Normal(1, 600 * Width, 1), 600, Width).Node("Gather", ["cosines", "positions"], "m0");
        for (int i = 0; i < moves; i++)
        {
            model.Node("Cast", [$"m{i}"], i + 1 == moves ? "c" : $"m{i + 1}", ModelBuilder.Int("to", 1));
        }

        Halves(model.Constant("s", RandomTensors.Normal(2, Width, 1), Width), "x");
        Rotate(model, "a", "b");

        QuantizableGraph analysis = DynamicRules.Apply(new GraphIndex(model.Graph), Targets.Of(TargetRuntime.OnnxRuntimeCpu));

        analysis.Whole.Nodes.Select(node => node.Label).Should().Equal(becomesCodes ? ["m0-node"] : []);
        analysis.Whole.Notes.Float.ContainsKey("m0-node").Should().Be(!becomesCodes);
    }

    [Fact]
    public void The_table_of_a_rotary_embedding_stays_in_float_and_others_become_codes()
    {
        const int Positions = 600;
        ModelBuilder model = new ModelBuilder(17).Input("x", -1, 2 * Width).Ids().Integers("flat", -1)
            .Node("Reshape", ["ids", "flat"], "positions")
            .Constant("cosines", RandomTensors.Normal(1, Positions * Width, 1), Positions, Width)
            .Node("Gather", ["cosines", "positions"], "c")
            .Constant("sines", RandomTensors.Normal(2, Positions * Width, 1), Positions, Width).Node("Gather", ["sines", "positions"], "s")
            .Constant("tokens", RandomTensors.Normal(3, Positions * Width, 1), Positions, Width)
            .Node("Gather", ["tokens", "positions"], "rows");
        Halves(model, "x");
        Rotate(model, "a", "b");

        QuantizableGraph analysis = DynamicRules.Apply(new GraphIndex(model.Graph), Targets.Of(TargetRuntime.OnnxRuntimeCpu));

        const string Reason = "its table holds the sines and cosines of rotary embeddings, which need finer steps";
        analysis.Whole.Nodes.Select(node => node.Label).Should().Equal("rows-node");
        analysis.Whole.Notes.Float.Should().Equal(new Dictionary<string, string> { ["c-node"] = Reason, ["s-node"] = Reason });
    }

    [Fact]
    public void Plans_name_patterns_and_keep_them_in_their_files()
    {
        using TemporaryFolder folder = new();
        ModelBuilder model = Build("erf, half last");
        DynamicInt8Recipe recipe = new();

        QuantizationPlan plan = recipe.Plan(FloatModel.Load(model.Save(folder.PathTo("model.onnx")), recipe, null), null);
        plan.Save(folder.PathTo("plan.json"));

        plan.FloatPatterns.Values.Should().Equal("GELU: ONNX Runtime has no int8 form of it");
        QuantizationPlan.Load(folder.PathTo("plan.json")).FloatPatterns.Should().Equal(plan.FloatPatterns);
        InspectedWay way = ModelInspector.Inspect(folder.PathTo("model.onnx")).Ways.Single(each => each.Way == QuantizationWay.DynamicInt8);
        way.Patterns.Should().ContainSingle().Which.Reason.Should().Be("GELU: ONNX Runtime has no int8 form of it");
        way.Float.Should().BeEmpty();
    }

    private static (GraphIndex Graph, string Label) Make(string form)
    {
        ModelBuilder model = Build(form);
        return (new GraphIndex(model.Graph), "g-node");
    }

    /// <summary>The form makes <c>g</c> of <c>x</c>, which a product made; another product reads it.</summary>
    private static ModelBuilder Build(string form)
    {
        ModelBuilder model = new ModelBuilder(17).Input("in", -1, 2 * Width)
            .Constant("w", RandomTensors.Normal(1, 4 * Width * Width, 0.2), 2 * Width, 2 * Width).Node("MatMul", ["in", "w"], "x")
            .Constant("one", [1]).Constant("half", [0.5f]).Constant("two", [2]).Constant("three", [3]).Constant("root2", [1.4142135f])
            .Constant("small", [1e-5f]).Constant("cubic", [0.044715f]).Constant("pi", [0.7978846f])
            .Constant("minus-half", [-0.5f])
            .Constant("gamma", RandomTensors.Normal(5, 2 * Width, 1), 2 * Width)
            .Constant("beta", RandomTensors.Normal(6, 2 * Width, 1), 2 * Width)
            .Constant("c", RandomTensors.Normal(7, Width, 1), Width)
            .Constant("s", RandomTensors.Normal(8, Width, 1), Width)
            .Constant("cc", RandomTensors.Normal(7, 2 * Width, 1), 2 * Width)
            .Constant("ss", RandomTensors.Normal(8, 2 * Width, 1), 2 * Width)
            .Integers("last", -1);
        switch (form)
        {
            case "Softmax":
                model.Node("Softmax", ["x"], "g");
                break;
            case "Softmax in parts":
                model.Node("ReduceMax", ["x"], "m", ModelBuilder.Ints("axes", -1)).Node("Sub", ["x", "m"], "d").Node("Exp", ["d"], "e")
                    .Node("ReduceSum", ["e", "last"], "t").Node("Div", ["e", "t"], "g");
                break;
            case "powers without their sum":
                model.Node("Exp", ["x"], "e").Node("ReduceSum", ["x", "last"], "t").Node("Div", ["e", "t"], "g");
                break;
            case "Gelu":
                model.Node("Gelu", ["x"], "g");
                break;
            case "erf, half last":
                Curve(model, "x").Node("Mul", ["x", "f"], "p").Node("Mul", ["p", "half"], "g");
                break;
            case "erf, half at x":
                Curve(model, "x").Node("Mul", ["x", "half"], "h").Node("Mul", ["h", "f"], "g");
                break;
            case "erf, half first":
                Curve(model, "x").Node("Mul", ["half", "f"], "p").Node("Mul", ["p", "x"], "g");
                break;
            case "erf times another value":
                Curve(model, "x").Node("Relu", ["x"], "r").Node("Mul", ["r", "f"], "p").Node("Mul", ["p", "half"], "g");
                break;
            case "erf without 1":
                model.Node("Div", ["x", "root2"], "q").Node("Erf", ["q"], "f").Node("Mul", ["x", "f"], "p").Node("Mul", ["p", "half"], "g");
                break;
            case "tanh, cube by Pow":
                model.Node("Pow", ["x", "three"], "k");
                Tanh(model);
                break;
            case "tanh, cube by Mul":
                model.Node("Mul", ["x", "x"], "xx").Node("Mul", ["xx", "x"], "k");
                Tanh(model);
                break;
            case "LayerNormalization":
                model.Node("LayerNormalization", ["x", "gamma", "beta"], "g");
                break;
            case "LayerNorm in parts":
                Mean(Centre(model), "d", "two").Node("Sqrt", ["v"], "r").Node("Div", ["d", "r"], "n").Node("Mul", ["n", "gamma"], "o")
                    .Node("Add", ["o", "beta"], "g");
                break;
            case "LayerNorm by reciprocal":
                Mean(Centre(model), "d", "two").Node("Sqrt", ["v"], "r").Node("Reciprocal", ["r"], "i").Node("Mul", ["d", "i"], "g");
                break;
            case "RMSNorm in parts":
                Mean(model, "x", "two").Node("Sqrt", ["v"], "r").Node("Div", ["x", "r"], "n").Node("Mul", ["n", "gamma"], "g");
                break;
            case "RMSNorm, square by a whole number":
                Mean(Whole(model, 2), "x", "whole").Node("Sqrt", ["v"], "r").Node("Div", ["x", "r"], "n").Node("Mul", ["n", "gamma"], "g");
                break;
            case "mean of cubes by a whole number":
                Mean(Whole(model, 3), "x", "whole").Node("Sqrt", ["v"], "r").Node("Div", ["x", "r"], "n").Node("Mul", ["n", "gamma"], "g");
                break;
            case "RMSNorm by Pow":
                Mean(model, "x", "two").Node("Pow", ["v", "minus-half"], "r").Node("Mul", ["x", "r"], "n").Node("Mul", ["gamma", "n"], "g");
                break;
            case "RMSNorm by reciprocal":
                Mean(model, "x", "two").Node("Sqrt", ["v"], "r").Node("Div", ["one", "r"], "i").Node("Mul", ["x", "i"], "n")
                    .Node("Mul", ["n", "gamma"], "g");
                break;
            case "root divides another value":
                Mean(model.Node("Relu", ["x"], "y"), "x", "two").Node("Sqrt", ["v"], "r").Node("Div", ["y", "r"], "n")
                    .Node("Mul", ["n", "gamma"], "g");
                break;
            case "mean of cubes":
                Mean(model, "x", "three").Node("Sqrt", ["v"], "r").Node("Div", ["x", "r"], "n").Node("Mul", ["n", "gamma"], "g");
                break;
            case "rotary, joined last":
                Rotate(Halves(model, "x"), "a", "b");
                break;
            case "concat of other products":
                Rotate(Halves(model, "x"), "a", "a");
                break;
            case "rotary, joined first":
                Halves(model, "x").Node("Neg", ["b"], "n").Node("Concat", ["n", "a"], "t", ModelBuilder.Int("axis", -1))
                    .Node("Mul", ["x", "cc"], "p").Node("Mul", ["t", "ss"], "q").Node("Add", ["p", "q"], "g");
                break;
            case "rotary, joined first, of two values":
                Turned(Halves(model, "x").Node("Relu", ["x"], "other").Node("Slice", ["other", "begin", "middle", "axis"], "d"), "b", "d");
                break;
            case "rotary, joined first, without slices":
                Turned(model.Node("Relu", ["x"], "d").Node("Tanh", ["x"], "e"), "d", "e");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(form), form, null);
        }

        return model.Node("MatMul", ["g", "w"], "y").Output("y", -1, 2 * Width);
    }

    private static ModelBuilder Curve(ModelBuilder model, string x) =>
        model.Node("Div", [x, "root2"], "q").Node("Erf", ["q"], "u").Node("Add", ["u", "one"], "f");

    private static void Tanh(ModelBuilder model) => model.Node("Mul", ["k", "cubic"], "k1").Node("Add", ["x", "k1"], "k2")
        .Node("Mul", ["k2", "pi"], "k3").Node("Tanh", ["k3"], "u").Node("Add", ["u", "one"], "f")
        .Node("Mul", ["x", "half"], "h").Node("Mul", ["h", "f"], "g");

    private static ModelBuilder Centre(ModelBuilder model) =>
        model.Node("ReduceMean", ["x"], "c0", ModelBuilder.Ints("axes", -1)).Node("Sub", ["x", "c0"], "d");

    private static ModelBuilder Mean(ModelBuilder model, string x, string exponent) =>
        model.Node("Pow", [x, exponent], "k")
            .Node("ReduceMean", ["k"], "k1", ModelBuilder.Ints("axes", -1)).Node("Add", ["k1", "small"], "v");

    /// <summary>Adds a 32-bit integer.</summary>
    private static ModelBuilder Whole(ModelBuilder model, int value)
    {
        TensorProto number = TensorData.Make<int>(TensorProto.Types.DataType.Int32, [value]);
        number.Name = "whole";
        model.Graph.Initializer.Add(number);
        return model;
    }

    private static ModelBuilder Halves(ModelBuilder model, string x) =>
        model.Integers("begin", 0).Integers("middle", Width).Integers("end", 2 * Width).Integers("axis", -1)
            .Node("Slice", [x, "begin", "middle", "axis"], "a").Node("Slice", [x, "middle", "end", "axis"], "b");

    private static void Turned(ModelBuilder model, string negated, string other) => model.Node("Neg", [negated], "n")
        .Node("Concat", ["n", other], "t", ModelBuilder.Int("axis", -1)).Node("Mul", ["x", "cc"], "p").Node("Mul", ["t", "ss"], "q")
        .Node("Add", ["p", "q"], "g");

    private static void Rotate(ModelBuilder model, string a, string b) =>
        model.Node("Mul", [a, "c"], "ac").Node("Mul", [b, "s"], "bs").Node("Sub", ["ac", "bs"], "left")
            .Node("Mul", [a, "s"], "as").Node("Mul", [b, "c"], "bc").Node("Add", ["as", "bc"], "right")
            .Node("Concat", ["left", "right"], "g", ModelBuilder.Int("axis", -1));
}
