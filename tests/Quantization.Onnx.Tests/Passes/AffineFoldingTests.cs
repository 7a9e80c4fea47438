using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Passes;

/// <summary>Constants beside a Conv disappear into it, and the function stays the same.</summary>
public sealed class AffineFoldingTests
{
    public static TheoryData<string, string[]> Cases { get; } = new()
    {
        { "scalars behind", ["Conv"] },
        { "constants per channel behind", ["Conv"] },
        { "constant minus the result", ["Conv"] },
        { "scalars before, without padding", ["Conv"] },
        { "factor before, with padding", ["Conv"] },
        { "factor and offset before, with padding", ["Add", "Conv"] },
        { "a group per channel, scalars before", ["Conv"] },
        { "constants of rows behind", ["Conv", "Mul"] },
        { "constants per channel before", ["Conv"] },
        { "factors per channel before, with padding", ["Conv"] },
        { "factors and offsets per channel before, with padding", ["Add", "Conv"] },
        { "factor and offsets per channel before, with padding", ["Add", "Conv"] },
        { "constant a channel minus the input, with padding", ["Add", "Conv"] },
        { "offsets per channel before, with padding", ["Add", "Conv"] },
        { "groups, constants per channel before, without padding", ["Conv", "Relu", "Conv"] },
        { "a group per channel, constants per channel before", ["Conv"] },
        { "one channel that constants repeat", ["Slice", "Mul", "Conv"] },
        { "one channel behind a pool that constants repeat", ["Conv", "Relu", "MaxPool", "Mul", "Conv"] },
        { "channels behind a pool", ["Conv", "Relu", "MaxPool", "Conv"] },
        { "factor 0 and an offset before, with padding", ["Mul", "Add", "Conv"] },
        { "normalization before, without padding", ["Conv"] },
        { "normalization before, with padding", ["Add", "Conv"] },
        { "normalization of uneven channels before, without padding", ["BatchNormalization", "Conv"] },
        { "normalization before an activation", ["BatchNormalization", "Relu", "Conv"] },
        { "a normalization that is read twice", ["BatchNormalization", "Conv", "Relu", "Add"] },
        { "a result that is read twice", ["Conv", "Mul", "Add"] },
        { "constant divided by the result", ["Conv", "Div"] },
        { "division by 0", ["Conv", "Div"] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Folds_what_commutes_with_the_convolution(string name, string[] operators)
    {
        ModelProto model = Make(name).Model;
        ModelProto folded = model.Clone();

        AffineFolding.Apply(folded.Graph);
        UnusedConstants.Remove(folded.Graph);

        folded.Graph.Node.Select(node => node.OpType).Should().Equal(operators);
        float[] input = RandomTensors.Normal(7, 3 * 64);
        float[] expected = ModelRun.Floats(model, input, GraphCases.ImageShape)[0],
            actual = ModelRun.Floats(folded, input, GraphCases.ImageShape)[0];
        actual.Should().HaveSameCount(expected);
        if (name == "division by 0")
        {
            actual.Should().Equal(expected);
        }
        else
        {
            Decibels.Sqnr(expected, actual).Should().BeGreaterThan(110, "32-bit floats round once a constant");
        }
    }

    [Fact]
    public void Weights_that_the_model_hands_out_stay()
    {
        ModelBuilder model = GraphCases.Image().Constant("two", [2]).Node("Mul", ["x", "two"], "m").Conv("m", "y", 3, 3).Output("y")
            .Output("y-w", 3, 3, 3, 3);
        model.Graph.Output[0].Type.TensorType.Shape = null;
        ModelProto before = model.Model.Clone();

        AffineFolding.Apply(model.Graph);

        model.Model.Should().Be(before);
    }

    [Fact]
    public void Weights_that_another_node_reads_stay()
    {
        ModelBuilder model = GraphCases.Image().Constant("two", [2]).Conv("x", "a", 3, 3).Node("Mul", ["a", "two"], "m")
            .Node("Conv", ["m", "a-w"], "y", ModelBuilder.Ints("pads", 1, 1, 1, 1)).Output("y");
        model.Graph.Output[0].Type.TensorType.Shape = null;
        ModelProto before = model.Model.Clone();

        AffineFolding.Apply(model.Graph);

        model.Model.Should().Be(before);
    }

    private static ModelBuilder Make(string name)
    {
        ModelBuilder model = GraphCases.Image().Constant("factor", [2.5f], 1).Constant("offset", [-0.75f]).Constant("zero", [0])
            .Constant("factors", [0.5f, -2, 1, 3], 4, 1, 1).Constant("offsets", [1, 2, 3, 4], 1, 4, 1, 1)
            .Constant("of input", [0.5f, -2, 1], 3, 1, 1).Constant("of rows", RandomTensors.Normal(1, 8), 8, 1);
        _ = name switch
        {
            "scalars behind" => model.Conv("x", "a", 3, 4, bias: false).Node("Mul", ["factor", "a"], "b").Node("Add", ["b", "offset"], "c")
                .Node("Div", ["c", "factor"], "d").Node("Sub", ["d", "factor"], "y"),
            "constants per channel behind" =>
                model.Conv("x", "a", 3, 4).Node("Mul", ["a", "factors"], "b").Node("Add", ["offsets", "b"], "y"),
            "constant minus the result" => model.Conv("x", "a", 3, 4).Node("Sub", ["offsets", "a"], "y"),
            "scalars before, without padding" =>
                model.Node("Mul", ["x", "factor"], "a").Node("Add", ["a", "offset"], "b").Conv("b", "y", 3, 4),
            "factor before, with padding" => model.Node("Div", ["x", "factor"], "a").Conv("a", "y", 3, 4),
            "factor and offset before, with padding" =>
                model.Node("Mul", ["x", "factor"], "a").Node("Add", ["a", "offset"], "b").Conv("b", "y", 3, 4),
            "a group per channel, scalars before" => model.Node("Sub", ["offset", "x"], "a")
                .Constant("w", RandomTensors.Normal(2, 27), 3, 1, 3, 3).Node("Conv", ["a", "w"], "y", ModelBuilder.Int("group", 3)),
            "constants of rows behind" => model.Conv("x", "a", 3, 4).Node("Mul", ["a", "of rows"], "y"),
            "constants per channel before" => model.Node("Mul", ["x", "of input"], "a").Node("Add", ["a", "of input"], "b")
                .Constant("w", RandomTensors.Normal(2, 108), 4, 3, 3, 3).Node("Conv", ["b", "w"], "y"),
            "factors per channel before, with padding" => model.Node("Div", ["x", "of input"], "a").Conv("a", "y", 3, 4),
            "factors and offsets per channel before, with padding" =>
                model.Node("Mul", ["x", "of input"], "a").Node("Sub", ["a", "of input"], "b").Conv("b", "y", 3, 4),
            "factor and offsets per channel before, with padding" =>
                model.Node("Mul", ["x", "factor"], "a").Node("Add", ["a", "of input"], "b").Conv("b", "y", 3, 4),
            "constant a channel minus the input, with padding" => model.Node("Sub", ["of input", "x"], "a").Conv("a", "y", 3, 4),
            "offsets per channel before, with padding" => model.Node("Add", ["x", "of input"], "a").Conv("a", "y", 3, 4),
            "groups, constants per channel before, without padding" =>
                model.Conv("x", "c", 3, 4).Node("Relu", ["c"], "r").Node("Mul", ["r", "factors"], "a").Node("Add", ["a", "offsets"], "b")
                .Constant("w", RandomTensors.Normal(2, 6 * 2 * 9), 6, 2, 3, 3).Node("Conv", ["b", "w"], "y", ModelBuilder.Int("group", 2)),
            "a group per channel, constants per channel before" => model.Node("Sub", ["of input", "x"], "a")
                .Constant("w", RandomTensors.Normal(2, 54), 6, 1, 3, 3).Node("Conv", ["a", "w"], "y", ModelBuilder.Int("group", 3)),
            "one channel that constants repeat" => model.Integers("begin", 0).Integers("end", 1).Integers("axis", 1)
                .Node("Slice", ["x", "begin", "end", "axis"], "s").Node("Mul", ["s", "of input"], "a").Conv("a", "y", 3, 4),
            "one channel behind a pool that constants repeat" => Pooled(model, 1),
            "channels behind a pool" => Pooled(model, 3),
            "factor 0 and an offset before, with padding" =>
                model.Node("Mul", ["x", "zero"], "a").Node("Add", ["a", "of input"], "b").Conv("b", "y", 3, 4),
            "normalization before, without padding" => Normalized(model, "n", 3).Constant("w", RandomTensors.Normal(2, 108), 4, 3, 3, 3)
                .Node("Conv", ["n", "w"], "y"),
            "normalization before, with padding" => Normalized(model, "n", 3).Conv("n", "y", 3, 4),
            "normalization of uneven channels before, without padding" =>
                Normalized(model, "n", 5).Constant("w", RandomTensors.Normal(2, 108), 4, 3, 3, 3).Node("Conv", ["n", "w"], "y"),
            "normalization before an activation" => Normalized(model, "n", 3).Node("Relu", ["n"], "a").Conv("a", "y", 3, 4),
            "a normalization that is read twice" => Normalized(model, "n", 3).Conv("n", "a", 3, 3).Node("Relu", ["n"], "b").Node("Add",
                ["a", "b"], "y"),
            "a result that is read twice" => model.Conv("x", "a", 3, 4).Node("Mul", ["a", "factor"], "b").Node("Add", ["a", "b"], "y"),
            "constant divided by the result" => model.Conv("x", "a", 3, 4).Node("Div", ["factor", "a"], "y"),
            "division by 0" => model.Conv("x", "a", 3, 4).Node("Div", ["a", "zero"], "y"),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such case."),
        };
        if (name == "scalars before, without padding")
        {
            model.Graph.Node[^1].Attribute.Clear();
        }

        model.Output("y").Graph.Output[0].Type.TensorType.Shape = null;
        UnusedConstants.Remove(model.Graph);
        return model;
    }

    private static ModelBuilder Pooled(ModelBuilder model, int channels) => model.Conv("x", "c", 3, channels).Node("Relu", ["c"], "r")
        .Node("MaxPool", ["r"], "p", ModelBuilder.Ints("kernel_shape", 2, 2)).Node("Mul", ["p", "of input"], "a").Conv("a", "y", 3, 4);

    /// <summary>A normalization whose factors differ by so much.</summary>
    private static ModelBuilder Normalized(ModelBuilder model, string output, float unevenness) => model
        .Constant("scale", [1, -unevenness, 2], 3).Constant("shift", [0.5f, 0, -1], 3).Constant("mean", [1, 2, -3], 3)
            .Constant("variance", [1, 1, 1], 3)
        .Node("BatchNormalization", ["x", "scale", "shift", "mean", "variance"], output);
}
