using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Refining;

/// <summary>Powers of two go from the weights that make a channel to those that read it, and change no bit of the results.</summary>
public sealed class EqualizationTests
{
    private static readonly int[] Exponents = [0, -3, 2, -7];

    [Theory]
    [InlineData("Relu")]
    [InlineData("LeakyRelu")]
    [InlineData("PRelu")]
    [InlineData("MaxPool")]
    [InlineData("AveragePool")]
    [InlineData("GlobalAveragePool")]
    public void What_passes_factors_on_may_stand_between(string between) => Check(Between(between));

    [Fact]
    public void A_convolution_may_follow_at_once() =>
        Check(GraphCases.Image().Conv("x", "a", 3, 4).Conv("a", "y", 4, 2).Output("y", 1, 2, 8, 8));

    [Fact]
    public void A_depthwise_convolution_may_follow() => Check(Depthwise());

    [Fact]
    public void Several_convolutions_may_read() => Check(
        GraphCases.Image().Conv("x", "a", 3, 4).Node("Relu", ["a"], "r").Conv("r", "y", 4, 2).Conv("a", "z", 4, 3).Output("y", 1, 2, 8, 8)
            .Output("z", 1, 3, 8, 8));

    [Fact]
    public void Values_in_a_row_are_scaled_at_once()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Node("Relu", ["a"], "r").Conv("r", "b", 4, 4).Conv("b", "y", 4, 2)
            .Output("y", 1, 2, 8, 8);

        Check(model, new ChannelScaling("a", [.. Exponents]), new ChannelScaling("b", [.. Exponents.Reverse()]));
    }

    [Theory]
    [InlineData("Add")]
    [InlineData("Sum")]
    [InlineData("Max")]
    [InlineData("Min")]
    public void Operands_that_meet_share_their_factors(string operatorType)
    {
        Check(Joined(), new ChannelScaling("a", [.. Exponents]));
        Check(Joined(), new ChannelScaling("a", [.. Exponents]), new ChannelScaling("b", [.. Exponents]));

        ModelBuilder Joined() =>
            GraphCases.Image().Conv("x", "a", 3, 4).Conv("x", "b", 3, 4).Node("LeakyRelu", ["b"], "l").Node(operatorType, ["a", "l"], "m")
                .Conv("m", "y", 4, 2).Output("y", 1, 2, 8, 8);
    }

    [Fact]
    public void A_residual_connection_shares_its_factors() => Check(
        GraphCases.Image().Conv("x", "a", 3, 4).Node("Relu", ["a"], "r").Conv("r", "b", 4, 4).Node("Add", ["r", "b"], "s")
            .Conv("s", "y", 4, 2).Output("y", 1, 2, 8, 8));

    [Fact]
    public void Factors_stand_behind_each_other_after_Concat() => Check(
        GraphCases.Image().Conv("x", "a", 3, 4).Conv("x", "b", 3, 3).Node("Concat", ["b", "a"], "c", ModelBuilder.Int("axis", 1))
            .Conv("c", "y", 7, 2).Output("y", 1, 2, 8, 8),
        new ChannelScaling("a", [.. Exponents]),
        new ChannelScaling("b", [1, 0, -2]));

    [Fact]
    public void Columns_of_a_table_go_to_the_convolution_behind_it()
    {
        ModelBuilder model = new ModelBuilder()
            .Input("tokens", 1, 5)
            .Node("Cast", ["tokens"], "i", ModelBuilder.Int("to", (long)TensorProto.Types.DataType.Int64))
            .Constant("table", RandomTensors.Normal(4, 6 * 4), 6, 4)
            .Node("Gather", ["table", "i"], "g")
            .Node("Transpose", ["g"], "t", ModelBuilder.Ints("perm", 0, 2, 1))
            .Constant("w", RandomTensors.Normal(5, 2 * 4 * 3), 2, 4, 3).Node("Conv", ["t", "w"], "y").Output("y", 1, 2, 3);
        ModelProto scaled = model.Model.Clone();
        Apply(scaled, new ChannelScaling("g", [.. Exponents]));

        ModelRun.Floats(scaled, [3, 0, 5, 1, 1], 1, 5).Should()
            .BeEquivalentTo(ModelRun.Floats(model.Model, [3, 0, 5, 1, 1], 1, 5), options => options.WithStrictOrdering());
        scaled.Graph.Initializer.Select(each => each.ReadFloats())
            .Single(values => values.Length == 24 && values[1] == 8 * model.Model.Graph.Initializer[0].ReadFloats()[1]).Should()
            .NotBeNull();
    }

    [Fact]
    public void Operands_that_meet_cannot_have_different_factors()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Conv("x", "b", 3, 4).Node("Max", ["a", "b"], "m").Conv("m", "y", 4, 2)
            .Output("y", 1, 2, 8, 8);

        FluentActions.Invoking(
            () => Apply(model.Model, new ChannelScaling("a", [0, -3, 2, -7]), new ChannelScaling("b", [0, -3, 1, -7]))).Should()
            .Throw<ArgumentException>()
            .WithMessage("The plan scales channel 2 of 'b' by 2^1, but another channel * by 2^2; give both the same exponent.*");
    }

    [Theory]
    [InlineData("returned")]
    [InlineData("read by Sigmoid")]
    [InlineData("read by Clip")]
    [InlineData("added to what is returned")]
    [InlineData("added to what is not known")]
    [InlineData("put beside what is not known")]
    [InlineData("put behind each other")]
    [InlineData("added where axes differ")]
    [InlineData("read by a grouped convolution")]
    public void Channels_that_others_see_are_left_alone(string name)
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4);
        model = name switch
        {
            "returned" => model.Conv("a", "y", 4, 2).Output("y", 1, 2, 8, 8).Output("a", 1, 4, 8, 8),
            "read by Sigmoid" => model.Node("Sigmoid", ["a"], "s").Conv("s", "y", 4, 2).Output("y", 1, 2, 8, 8),
            "read by Clip" =>
                model.Constant("l", [0]).Constant("h", [6]).Node("Clip", ["a", "l", "h"], "s").Conv("s", "y", 4, 2).Output("y", 1, 2, 8, 8),
            "added to what is returned" => model.Conv("a", "b", 4, 4).Node("Add", ["a", "b"], "y").Output("y", 1, 4, 8, 8),
            "added to what is not known" => model.Node("Sigmoid", ["x"], "s").Node("Add", ["a", "s"], "c").Conv("c", "y", 4, 2).Output("y"),
            "put beside what is not known" =>
                model.Node("Concat", ["a", "x"], "c", ModelBuilder.Int("axis", 1)).Conv("c", "y", 7, 2).Output("y", 1, 2, 8, 8),
            "put behind each other" => model.Conv("x", "b", 3, 4).Node("Concat", ["a", "b"], "c", ModelBuilder.Int("axis", 2))
                .Conv("c", "y", 4, 2).Output("y", 1, 2, 16, 8),
            "added where axes differ" => model.Conv("x", "b", 3, 4).Node("Transpose", ["b"], "t", ModelBuilder.Ints("perm", 0, 2, 1, 3))
                .Node("Add", ["a", "t"], "c").Conv("c", "y", 4, 2).Output("y"),
            _ => model.Constant("w", RandomTensors.Normal(1, 2 * 2), 2, 2, 1, 1)
                .Node("Conv", ["a", "w"], "y", ModelBuilder.Int("group", 2)).Output("y", 1, 2, 8, 8),
        };
        ChannelFlow flow = ChannelFlow.Of(new GraphIndex(model.Graph), Targets.Of(TargetRuntime.OnnxRuntimeCpu));

        flow.GroupsOf("a").Should().OnlyContain(group => flow.IsFixed(group));
        FluentActions.Invoking(() => Apply(model.Model, new ChannelScaling("a", [.. Exponents]))).Should().Throw<ArgumentException>()
            .WithMessage("The plan scales channel 1 of 'a' by 2^-3, but the model reads it elsewhere*give it the exponent 0, "
                + "or plan for this model.*");
    }

    [Fact]
    public void A_value_that_no_convolution_makes_is_refused() =>
        FluentActions.Invoking(() => Apply(Between("Relu").Model, new ChannelScaling("b", [.. Exponents]))).Should()
            .Throw<ArgumentException>()
            .WithMessage(
                "The plan scales 4 channels of 'b', but the model has no convolution and no table with this result*plan for this model.*");

    [Fact]
    public void Another_number_of_channels_is_refused() =>
        FluentActions.Invoking(() => Apply(Between("Relu").Model, new ChannelScaling("a", [1, 2, 3]))).Should()
            .Throw<ArgumentException>().WithMessage("The plan scales 3 channels of 'a'*");

    private static ModelBuilder Between(string operatorType)
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4);
        model = operatorType switch
        {
            "PRelu" => model.Constant("slope", [0.1f, 0.2f, 0.3f, 0.4f], 4, 1, 1).Node("PRelu", ["a", "slope"], "b"),
            "MaxPool" or "AveragePool" => model.Node(operatorType, ["a"], "b", ModelBuilder.Ints("kernel_shape", 2, 2)),
            _ => model.Node(operatorType, ["a"], "b"),
        };
        return model.Conv("b", "y", 4, 2).Output("y");
    }

    private static ModelBuilder Depthwise() =>
        GraphCases.Image().Conv("x", "a", 3, 4).Node("Relu", ["a"], "r").Constant("w", RandomTensors.Normal(1, 4 * 9), 4, 1, 3, 3)
            .Node("Conv", ["r", "w"], "d", ModelBuilder.Int("group", 4)).Conv("d", "y", 4, 2).Output("y", 1, 2, 6, 6);

    private static void Check(ModelBuilder model, params ChannelScaling[] scalings)
    {
        scalings = scalings.Length == 0 ? [new ChannelScaling("a", [.. Exponents])] : scalings;
        ModelProto scaled = model.Model.Clone();
        Apply(scaled, scalings);
        float[] image = RandomTensors.Normal(3, 3 * 8 * 8);

        float[][] expected = ModelRun.Floats(model.Model, image, GraphCases.ImageShape),
            actual = ModelRun.Floats(scaled, image, GraphCases.ImageShape);

        actual.Should().BeEquivalentTo(expected, options => options.WithStrictOrdering());
        model.Model.Graph.Output.Clear();
        model.Model.Graph.Output.Add(new ValueInfoProto { Name = "a" });
        scaled.Graph.Output.Clear();
        scaled.Graph.Output.Add(new ValueInfoProto { Name = "a" });
        float[] before = ModelRun.Floats(model.Model, image, GraphCases.ImageShape)[0],
            after = ModelRun.Floats(scaled, image, GraphCases.ImageShape)[0];
        after.Should().Equal(before.Select((value, i) => MathF.ScaleB(value, -scalings[0].Exponents[i / 64])));
    }

    private static void Apply(ModelProto model, params ChannelScaling[] scalings) =>
        Equalization.Apply(model, Targets.Of(TargetRuntime.OnnxRuntimeCpu), scalings);
}
