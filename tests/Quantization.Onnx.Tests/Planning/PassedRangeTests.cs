using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Planning;

/// <summary>
/// Values outside of the range that readers pass make no difference: a float model computes the same with a Clip to the range before all
/// readers.
/// </summary>
public sealed class PassedRangeTests
{
    private const double Inf = double.PositiveInfinity;

    [Theory]
    [InlineData("max pool, relu", 0, Inf)]
    [InlineData("clip", -1.5, 2)]
    [InlineData("clip of positive ends", 0, 4)]
    [InlineData("transpose, clip", -1.5, 2)]
    [InlineData("max with a constant", -2, Inf)]
    [InlineData("max with constants per channel", -3, Inf)]
    [InlineData("min with a constant", -Inf, 3)]
    [InlineData("leaky relu, max with a constant", -20, Inf)]
    [InlineData("leaky relu, max with a relu", 0, Inf)]
    [InlineData("prelu, max with a constant", -40, Inf)]
    [InlineData("prelu without slope, clip", 0, 2)]
    [InlineData("leaky relu, max with a clipped value", -15, Inf)]
    [InlineData("max with a concatenation", -1, Inf)]
    [InlineData("sum, clip", -3, 3)]
    [InlineData("hard-swish without division", -3, Inf)]
    [InlineData("hard-swish with division after the gate", -3, Inf)]
    [InlineData("constant minus the value, clip", -1, 2.5)]
    [InlineData("channels times constants, clip", -3, 4)]
    [InlineData("normalization, relu", -1, Inf)]
    [InlineData("normalization of both signs, clip", -7.5, 3.5)]
    [InlineData("hard-sigmoid", -2.5, 2.5)]
    [InlineData("times its relu", 0, Inf)]
    [InlineData("two clips", -1.5, 5)]
    [InlineData("concat, relu", 0, Inf)]
    [InlineData("split, clip and relu", -1.5, Inf)]
    [InlineData("seven transposes, relu", 0, Inf)]
    public void Values_outside_make_no_difference(string name, double least, double most)
    {
        ModelBuilder model = Make(name);

        EffectiveRange range = EffectiveRange.Find("a", new GraphIndex(model.Graph))!.Value;

        ((double)range.Least).Should().BeApproximately(double.IsFinite(least) ? least : float.MinValue, 1e-6);
        ((double)range.Most).Should().BeApproximately(double.IsFinite(most) ? most : float.MaxValue, 1e-6);
        (float[][] whole, float[][] cut) = RunBoth(model, range.Least, range.Most);
        cut.Should().BeEquivalentTo(whole, options => options.WithStrictOrdering());

        // The ends are not farther out than they need be: half of the range is not enough.
        (_, float[][] halved) = RunBoth(model, double.IsFinite(least) && least < 0 ? range.Least / 2 : range.Least, double.IsFinite(most)
            && most > 0 ? range.Most / 2 : range.Most);
        if ((double.IsFinite(least) && least < 0) || (double.IsFinite(most) && most > 0))
        {
            halved.SelectMany(values => values).Should().NotEqual(whole.SelectMany(values => values));
        }
    }

    [Theory]
    [InlineData("conv")]
    [InlineData("relu and returned")]
    [InlineData("relu and conv")]
    [InlineData("average pool, relu")]
    [InlineData("leaky relu, max with another value")]
    [InlineData("max with itself")]
    [InlineData("falling prelu, max with a constant")]
    [InlineData("hard-swish of another value")]
    [InlineData("clip by a computed end")]
    [InlineData("clip by an end that is not a number")]
    [InlineData("clip from what is not a number to 4")]
    [InlineData("eight transposes, relu")]
    [InlineData("normalization of both signs, relu")]
    [InlineData("sigmoid")]
    [InlineData("swish")]
    [InlineData("tanh")]
    [InlineData("concatenated, and read before too")]
    public void Every_value_counts(string name) => EffectiveRange.Find(name.StartsWith("concat", StringComparison.Ordinal) ? "k" : "a",
        new GraphIndex(Make(name).Graph)).Should().BeNull();

    /// <summary>What was seen may all lie where readers saturate; codes need a range all the same.</summary>
    [Fact]
    public void A_range_of_which_nothing_counts_stays()
    {
        ValueRange range = new(-5, 0);

        new EffectiveRange(0, float.MaxValue).Cut(range, QuantizationScheme.Affine, 256).Should().Be(range);
    }

    private static ModelBuilder Make(string name)
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Constant("zero", [0]).Constant("one", [1]).Constant("-1.5", [-1.5f])
            .Constant("2", [2]).Constant("-2", [-2]).Constant("3", [3]).Constant("4", [4]).Constant("5", [5])
            .Constant("6", [6]).Constant("channels", [-1, 0.5f, -3, 2], 4, 1, 1).Constant("falling", [0.5f, -0.25f, 0.5f, 1], 4, 1, 1)
                .Constant("slopes", [0.5f, 0.05f, 1, 0], 4, 1, 1).Constant("flat", [0, 0, 0, 0], 4, 1, 1)
            .Constant("mean", [1, 1, 1, 1], 4).Constant("variance", [1, 1, 1, 1], 4).Constant("shift", [2, -1, 1, 7], 4)
                .Constant("scale", [1, 2, -1, 1], 4).Constant("positive", [1, 2, 4, 3.5f], 4);
        _ = name switch
        {
            "max pool, relu" => model.Node("MaxPool", ["a"], "p", ModelBuilder.Ints("kernel_shape", 2, 2)).Node("Relu", ["p"], "y"),
            "clip" => model.Node("Clip", ["a", "-1.5", "2"], "y"),
            "clip of positive ends" => model.Node("Clip", ["a", "2", "4"], "y"),
            "transpose, clip" => model.Node("Transpose", ["a"], "t").Node("Clip", ["t", "-1.5", "2"], "y"),
            "max with a constant" => model.Node("Max", ["-2", "a"], "y"),
            "max with constants per channel" => model.Node("Max", ["a", "channels"], "y"),
            "min with a constant" => model.Node("Min", ["a", "3"], "y"),
            "leaky relu, max with a constant" => model.Node("LeakyRelu", ["a"], "l", Float("alpha", 0.1f)).Node("Max", ["l", "-2"], "y"),
            "leaky relu, max with a relu" => model.Conv("x", "b", 3, 4).Node("Relu", ["b"], "r").Node("LeakyRelu", ["a"], "l").Node("Max",
                ["r", "l"], "y"),
            "prelu, max with a constant" => model.Node("PRelu", ["a", "slopes"], "l").Node("Max", ["l", "-2"], "y"),
            "prelu without slope, clip" => model.Node("PRelu", ["a", "flat"], "l").Node("Clip", ["l", "-1.5", "2"], "y"),
            "leaky relu, max with a clipped value" => model.Conv("x", "b", 3, 4).Node("Clip", ["b", "-1.5", "4"], "r")
                .Node("LeakyRelu", ["a"], "l", Float("alpha", 0.1f)).Node("Max", ["l", "r"], "y"),
            "max with a concatenation" => model.Conv("x", "b", 3, 2).Node("Relu", ["b"], "r").Node("Tanh", ["b"], "h")
                .Node("Concat", ["r", "h"], "k", ModelBuilder.Int("axis", 1)).Node("Max", ["a", "k"], "y"),
            "sum, clip" => model.Node("Add", ["a", "3"], "s").Node("Clip", ["s", "zero", "6"], "y"),
            "hard-swish without division" => model.Node("Add", ["3", "a"], "s").Node("Clip", ["s", "zero", "6"], "c").Node("Mul",
                ["a", "c"], "y"),
            "hard-swish with division after the gate" => model.Node("Add", ["a", "3"], "s").Node("Clip", ["s", "zero", "6"], "c")
                .Node("Div", ["c", "5"], "d").Node("Mul", ["d", "a"], "y"),
            "constant minus the value, clip" => model.Node("Sub", ["one", "a"], "s").Node("Clip", ["s", "-1.5", "2"], "y"),
            "channels times constants, clip" => model.Node("Mul", ["a", "channels"], "s").Node("Clip", ["s", "-1.5", "2"], "y"),
            "normalization, relu" => model.Node("BatchNormalization", ["a", "positive", "shift", "mean", "variance"], "n",
                Float("epsilon", 0)).Node("Relu", ["n"], "y"),
            "normalization of both signs, clip" => model.Node("BatchNormalization", ["a", "scale", "shift", "mean", "variance"], "n",
                Float("epsilon", 0)).Node("Clip", ["n", "-1.5", "2"], "y"),
            "normalization of both signs, relu" => model.Node("BatchNormalization", ["a", "scale", "shift", "mean", "variance"], "n",
                Float("epsilon", 0)).Node("Relu", ["n"], "y"),
            "hard-sigmoid" => model.Node("HardSigmoid", ["a"], "y"),
            "times its relu" => model.Node("Relu", ["a"], "r").Node("Mul", ["a", "r"], "y"),
            "two clips" => model.Node("Clip", ["a", "-1.5", "2"], "y").Node("Clip", ["a", "zero", "5"], "z").Output("z"),
            "concat, relu" => model.Conv("x", "b", 3, 4).Node("Concat", ["a", "b"], "k", ModelBuilder.Int("axis", 1)).Node("Relu", ["k"],
                "y"),
            "split, clip and relu" => Split(model),
            "seven transposes, relu" => Transposes(model, 7),
            "eight transposes, relu" => Transposes(model, 8),
            "clip from what is not a number to 4" => model.Constant("nan", [float.NaN]).Node("Clip", ["a", "nan", "4"], "y"),
            "sigmoid" => model.Node("Sigmoid", ["a"], "y"),
            "swish" => model.Node("Sigmoid", ["a"], "s").Node("Mul", ["s", "a"], "y"),
            "tanh" => model.Node("Tanh", ["a"], "y"),
            "conv" => model.Conv("a", "y", 4, 2),
            "relu and returned" => model.Node("Relu", ["a"], "y").Output("a"),
            "relu and conv" => model.Node("Relu", ["a"], "r").Conv("a", "y", 4, 2).Output("r"),
            "average pool, relu" => model.Node("AveragePool", ["a"], "p", ModelBuilder.Ints("kernel_shape", 2, 2)).Node("Relu", ["p"], "y"),
            "leaky relu, max with another value" => model.Conv("x", "b", 3, 4).Node("LeakyRelu", ["a"], "l").Node("Max", ["l", "b"], "y"),
            "max with itself" => model.Node("Max", ["a", "a"], "y"),
            "falling prelu, max with a constant" => model.Node("PRelu", ["a", "falling"], "l").Node("Max", ["l", "-2"], "y"),
            "hard-swish of another value" => model.Conv("x", "b", 3, 4).Node("Add", ["b", "3"], "s").Node("Clip", ["s", "zero", "6"], "c")
                .Node("Mul", ["a", "c"], "y"),
            "clip by a computed end" => model.Node("ReduceMin", ["x"], "end", ModelBuilder.Int("keepdims", 0)).Node("Clip", ["a", "end"],
                "y"),
            "clip by an end that is not a number" => model.Constant("nan", [float.NaN]).Node("Clip", ["a", "nan"], "y"),
            "concatenated, and read before too" => model.Conv("x", "b", 3, 4).Node("Concat", ["a", "b"], "k", ModelBuilder.Int("axis", 1))
                .Node("Relu", ["k"], "y").Conv("b", "z", 4, 2).Output("z"),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such case."),
        };
        model.Output("y");
        foreach (ValueInfoProto output in model.Graph.Output)
        {
            output.Type.TensorType.Shape = null;
        }

        UnusedConstants.Remove(model.Graph);
        return model;
    }

    private static ModelBuilder Transposes(ModelBuilder model, int count)
    {
        string value = "a";
        for (int i = 0; i < count; i++)
        {
            model.Node("Transpose", [value], value = $"t{i}", ModelBuilder.Ints("perm", 0, 1, 3, 2));
        }

        return model.Node("Relu", [value], "y");
    }

    private static ModelBuilder Split(ModelBuilder model)
    {
        model.Node("Split", ["a"], "p", ModelBuilder.Int("axis", 1)).Graph.Node[^1].Output.Add("q");
        return model.Node("Clip", ["p", "-1.5", "2"], "y").Node("Relu", ["q"], "z").Output("z");
    }

    /// <summary>
    /// The outputs of the model and of the one whose value is cut. The input makes values far outside of every range here.
    /// </summary>
    private static (float[][] Whole, float[][] Cut) RunBoth(ModelBuilder model, float least, float most)
    {
        ModelProto cut = model.Model.Clone();
        foreach (NodeProto reader in cut.Graph.Node)
        {
            for (int i = 0; i < reader.Input.Count; i++)
            {
                reader.Input[i] = reader.Input[i] == "a" ? "a in range" : reader.Input[i];
            }
        }

        NodeProto clip = NodeFactory.Make("Clip", ["a", "least", "most"], "a in range");
        cut.Graph.Node.Insert(1, clip);
        foreach ((string name, float end) in new[] { ("least", least), ("most", most) })
        {
            TensorProto tensor = TensorData.Make<float>(TensorProto.Types.DataType.Float, [end]);
            tensor.Name = name;
            cut.Graph.Initializer.Add(tensor);
        }

        float[] input = RandomTensors.Normal(11, 3 * 64, scale: 30);
        return (ModelRun.Floats(model.Model, input, GraphCases.ImageShape), ModelRun.Floats(cut, input, GraphCases.ImageShape));
    }

    private static AttributeProto Float(string name, float value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };
}
