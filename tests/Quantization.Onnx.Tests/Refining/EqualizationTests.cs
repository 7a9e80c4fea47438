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
    public void A_convolution_may_follow_at_once() => Check(GraphCases.Image().Conv("x", "a", 3, 4).Conv("a", "y", 4, 2).Output("y", 1, 2, 8, 8));

    [Fact]
    public void A_depthwise_convolution_may_follow() => Check(Depthwise());

    [Fact]
    public void Several_convolutions_may_read() => Check(
        GraphCases.Image().Conv("x", "a", 3, 4).Node("Relu", ["a"], "r").Conv("r", "y", 4, 2).Conv("a", "z", 4, 3).Output("y", 1, 2, 8, 8).Output("z", 1, 3, 8, 8));

    [Fact]
    public void Values_in_a_row_are_scaled_at_once()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Node("Relu", ["a"], "r").Conv("r", "b", 4, 4).Conv("b", "y", 4, 2).Output("y", 1, 2, 8, 8);

        Check(model, new ChannelScaling("a", [.. Exponents]), new ChannelScaling("b", [.. Exponents.Reverse()]));
    }

    [Theory]
    [InlineData("returned")]
    [InlineData("read by Sigmoid")]
    [InlineData("read by Clip")]
    [InlineData("added")]
    [InlineData("read by a grouped convolution")]
    public void Channels_that_others_see_are_left_alone(string name)
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4);
        model = name switch
        {
            "returned" => model.Conv("a", "y", 4, 2).Output("y", 1, 2, 8, 8).Output("a", 1, 4, 8, 8),
            "read by Sigmoid" => model.Node("Sigmoid", ["a"], "s").Conv("s", "y", 4, 2).Output("y", 1, 2, 8, 8),
            "read by Clip" => model.Constant("l", [0]).Constant("h", [6]).Node("Clip", ["a", "l", "h"], "s").Conv("s", "y", 4, 2).Output("y", 1, 2, 8, 8),
            "added" => model.Conv("a", "b", 4, 4).Node("Add", ["a", "b"], "y").Output("y", 1, 4, 8, 8),
            _ => model.Constant("w", RandomTensors.Normal(1, 2 * 2), 2, 2, 1, 1).Node("Conv", ["a", "w"], "y", ModelBuilder.Int("group", 2)).Output("y", 1, 2, 8, 8),
        };
        GraphIndex graph = new(model.Graph);

        Equalization.Find(graph, Targets.Of(TargetRuntime.OnnxRuntimeCpu)).Should().NotContain(each => each.Value == "a");
        FluentActions.Invoking(() => Apply(model.Model, new ChannelScaling("a", [.. Exponents]))).Should().Throw<ArgumentException>()
            .WithMessage("The plan scales 4 channels of 'a', but the model has no convolution with this result*plan for this model.*");
    }

    [Fact]
    public void Another_number_of_channels_is_refused() =>
        FluentActions.Invoking(() => Apply(Between("Relu").Model, new ChannelScaling("a", [1, 2, 3]))).Should().Throw<ArgumentException>().WithMessage("The plan scales 3 channels of 'a'*");

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

    private static ModelBuilder Depthwise() => GraphCases.Image().Conv("x", "a", 3, 4).Node("Relu", ["a"], "r").Constant("w", RandomTensors.Normal(1, 4 * 9), 4, 1, 3, 3)
        .Node("Conv", ["r", "w"], "d", ModelBuilder.Int("group", 4)).Conv("d", "y", 4, 2).Output("y", 1, 2, 6, 6);

    private static void Check(ModelBuilder model, params ChannelScaling[] scalings)
    {
        scalings = scalings.Length == 0 ? [new ChannelScaling("a", [.. Exponents])] : scalings;
        ModelProto scaled = model.Model.Clone();
        Apply(scaled, scalings);
        float[] image = RandomTensors.Normal(3, 3 * 8 * 8);

        float[][] expected = ModelRun.Floats(model.Model, image, GraphCases.ImageShape), actual = ModelRun.Floats(scaled, image, GraphCases.ImageShape);

        actual.Should().BeEquivalentTo(expected, options => options.WithStrictOrdering());
        model.Model.Graph.Output.Clear();
        model.Model.Graph.Output.Add(new ValueInfoProto { Name = "a" });
        scaled.Graph.Output.Clear();
        scaled.Graph.Output.Add(new ValueInfoProto { Name = "a" });
        float[] before = ModelRun.Floats(model.Model, image, GraphCases.ImageShape)[0], after = ModelRun.Floats(scaled, image, GraphCases.ImageShape)[0];
        after.Should().Equal(before.Select((value, i) => MathF.ScaleB(value, -scalings[0].Exponents[i / 64])));
    }

    private static void Apply(ModelProto model, params ChannelScaling[] scalings) => Equalization.Apply(model, Targets.Of(TargetRuntime.OnnxRuntimeCpu), scalings);
}
