using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Refining;

/// <summary>Powers of two go from the columns of an input to the weights that multiply it, and change no bit of the results.</summary>
public sealed class InputScalesTests
{
    private static readonly int[] Exponents = [0, -3, 2, 5];

    [Fact]
    public void A_value_that_others_read_is_divided_by_a_node_of_its_own()
    {
        ModelProto scaled = Check(
            Rows().Linear("x", "q").Linear("x", "k").Node("Add", ["q", "k"], "z").Node("Add", ["z", "x"], "y"), "x", nodes: 1);

        scaled.Graph.Node.Where(node => node.OpType == "MatMul").Should().OnlyContain(node => node.Input[0] == "x/scaled");
        scaled.Graph.Node.Single(node => node.Name == "y-node").Input.Should().Equal("z", "x");
    }

    [Fact]
    public void A_normalization_takes_the_scale() => Check(
        Rows().Constant("g", [1, 2, 3, 4], 4).Constant("b", [4, 3, 2, 1], 4).Node("LayerNormalization", ["x", "g", "b"], "v")
            .Linear("v", "y"), "v", nodes: 0);

    [Fact]
    public void A_normalization_that_others_read_does_not() => Check(
        Rows().Constant("g", [1, 2, 3, 4], 4).Node("LayerNormalization", ["x", "g"], "v").Linear("v", "q").Node("Add", ["q", "v"], "y"),
        "v",
        nodes: 1);

    [Fact]
    public void Constants_of_a_decomposed_normalization_take_the_scale() => Check(
        Rows().Constant("g", [1, 2, 3, 4], 4).Constant("b", [4, 3, 2, 1], 4).Node("Mul", ["x", "g"], "m").Node("Add", ["b", "m"], "v")
            .Linear("v", "y"), "v", nodes: 0);

    [Fact]
    public void Earlier_weights_take_the_scale() => Check(
        Rows().Linear("x", "p").Constant("b", [4, -3, 2, -1], 4).Node("Add", ["p", "b"], "a").Node("Relu", ["a"], "v").Linear("v", "y"),
        "v",
        nodes: 0);

    [Fact]
    public void Weights_of_one_factor_take_the_scale() => Check(
        Rows().Linear("x", "gate").Linear("x", "up").Node("Sigmoid", ["gate"], "s").Node("Mul", ["s", "up"], "v").Linear("v", "y"),
        "v",
        nodes: 0);

    [Fact]
    public void A_Gemm_takes_the_scale_and_reads_it()
    {
        ModelBuilder model = new ModelBuilder(17).Input("x", 3, 4).Output("y")
            .Constant("w", RandomTensors.Normal(1, 16), 4, 4)
            .Constant("b", [1, 2, 3, 4], 4)
            .Node("Gemm", ["x", "w", "b"], "v", ModelBuilder.Int("transB", 1))
            .Constant("u", RandomTensors.Normal(2, 8), 2, 4).Node("Gemm", ["v", "u"], "y", ModelBuilder.Int("transB", 1));

        Check(model, "v", nodes: 0, 3, 4);
    }

    [Fact]
    public void Values_in_a_row_are_scaled_at_once()
    {
        ModelBuilder model = Rows().Linear("x", "a").Node("Relu", ["a"], "v").Linear("v", "b").Node("Relu", ["b"], "w").Linear("w", "y");

        Check(model, nodes: 1, [3, 4], new InputScaling("w", [.. Exponents]), new InputScaling("x", [.. Exponents]), new InputScaling(
            "v", [.. Exponents.Reverse()]));
    }

    [Theory]
    [InlineData("both operands are computed")]
    [InlineData("the input is turned around")]
    [InlineData("the name is taken")]
    public void Others_are_left_alone(string what)
    {
        ModelBuilder model = new ModelBuilder(17).Input("x", 4, 4).Output("y");
        model = what switch
        {
            "both operands are computed" => model.Node("MatMul", ["x", "x"], "y"),
            "the input is turned around" =>
                model.Constant("w", RandomTensors.Normal(1, 16), 4, 4).Node("Gemm", ["x", "w"], "y", ModelBuilder.Int("transA", 1)),
            _ => model.Linear("x", "x/scaled").Node("Add", ["x/scaled", "x"], "y"),
        };

        InputScales.Find(new GraphIndex(model.Graph)).Should().BeEmpty();
        FluentActions.Invoking(() => InputScales.Apply(model.Model, [new InputScaling("x", [.. Exponents])])).Should()
            .Throw<ArgumentException>()
            .WithMessage("The plan scales 4 columns of 'x', but the model has no value of this name*plan for this model.*");
    }

    [Fact]
    public void Another_number_of_columns_or_a_second_scaling_is_refused()
    {
        ModelBuilder model = Rows().Linear("x", "y");
        InputScaling once = new("x", [.. Exponents]);

        FluentActions.Invoking(() => InputScales.Apply(model.Model.Clone(), [new InputScaling("x", [1, 2, 3])])).Should()
            .Throw<ArgumentException>()
            .WithMessage("The plan scales 3 columns of 'x'*");
        FluentActions.Invoking(() => InputScales.Apply(model.Model.Clone(), [once, once])).Should()
            .Throw<ArgumentException>().WithMessage("*or the plan scales it twice*");
    }

    private static ModelBuilder Rows() => new ModelBuilder(17).Input("x", 3, 4).Output("y");

    private static ModelProto Check(ModelBuilder model, string value, int nodes, params long[] shape) =>
        Check(model, nodes, shape.Length == 0 ? [3, 4] : shape, new InputScaling(value, [.. Exponents]));

    /// <summary>Results are bit-equal, what the weights multiply is divided, and so many nodes more are there.</summary>
    private static ModelProto Check(ModelBuilder model, int nodes, long[] shape, params InputScaling[] scalings)
    {
        model.Graph.Output[0].Type.TensorType.Shape = null;
        ModelProto scaled = model.Model.Clone();
        IReadOnlySet<string> divided = InputScales.Apply(scaled, scalings);
        float[] rows = RandomTensors.Normal(3, 12);

        ModelRun.Floats(scaled, rows, shape).Should()
            .BeEquivalentTo(ModelRun.Floats(model.Model, rows, shape), options => options.WithStrictOrdering());
        divided.Should().HaveCount(nodes);
        scaled.Graph.Node.Should().HaveCount(model.Graph.Node.Count + nodes);
        foreach (InputScaling scaling in scalings.Where(each => each.Value != "x"))
        {
            float[] before = ValueOf(model.Model, scaling.Value),
                after = ValueOf(scaled, divided.Contains($"{scaling.Value}/scaled") ? $"{scaling.Value}/scaled" : scaling.Value);
            after.Should().Equal(before.Select((each, i) => MathF.ScaleB(each, -scaling.Exponents[i % 4])));
        }

        return scaled;

        float[] ValueOf(ModelProto of, string name)
        {
            ModelProto copy = of.Clone();
            copy.Graph.Output.Clear();
            copy.Graph.Output.Add(new ValueInfoProto { Name = name });
            return ModelRun.Floats(copy, rows, shape)[0];
        }
    }
}

/// <summary>Layers for <see cref="InputScalesTests"/>.</summary>
file static class Layers
{
    public static ModelBuilder Linear(this ModelBuilder model, string from, string to) =>
        model.Constant($"{to}-w", RandomTensors.Normal(to.Length + to[0], 16), 4, 4).Node("MatMul", [from, $"{to}-w"], to);
}
