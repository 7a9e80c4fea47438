using System.Globalization;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Passes;

/// <summary>Two convolutions with nothing between them become one where that is no dearer, and the function stays the same.</summary>
public sealed class LinearPairTests
{
    /// <summary>32-bit floats round twice in the pair and once in the single convolution.</summary>
    private const double LeastSqnr = 115;

    private static readonly string[] Lists = ["kernel_shape", "strides", "dilations", "pads"];

    /// <summary>
    /// Each convolution: outputs, groups, kernel, strides, dilations, pads. Expected: groups, kernel, strides, dilations, pads of the
    /// single one.
    /// </summary>
    [Theory]
    [InlineData("16 8 3,3 1,1 1,1 1,1,1,1", "2 2 1,1 1,1 1,1 0,0,0,0", "2 3,3 1,1 1,1 1,1,1,1")]
    [InlineData("4 1 1,1 1,1 1,1 0,0,0,0", "20 1 1,1 1,1 1,1 0,0,0,0", "1 1,1 1,1 1,1 0,0,0,0", 3)]
    [InlineData("8 8 3,2 2,1 1,2 1,0,2,1", "1 1 1,1 2,3 1,1 0,0,0,0", "1 3,2 4,3 1,2 1,0,2,1")]
    [InlineData("8 8 1,1 2,2 1,1 0,0,0,0", "8 8 3,3 1,1 1,1 0,0,0,0", "8 3,3 2,2 2,2 0,0,0,0")]
    [InlineData("8 8 3,1 1,1 1,1 1,0,1,0", "8 8 1,3 1,1 1,1 0,0,0,0", "8 3,3 1,1 1,1 1,0,1,0", 8, false)]
    [InlineData("8 8 2,1 1,1 1,1 0,0,0,0", "8 8 2,1 1,1 1,1 0,0,0,0", "8 3,1 1,1 1,1 0,0,0,0")]
    [InlineData("8 8 1,2 1,2 1,2 0,0,0,0", "8 8 1,2 1,1 1,1 0,0,0,0", "8 1,3 1,2 1,2 0,0,0,0")]
    [InlineData("16 4 1,1 1,1 1,1 0,0,0,0", "8 4 1,1 1,1 1,1 0,0,0,0", "4 1,1 1,1 1,1 0,0,0,0")]
    [InlineData("8 2 1,1 1,1 1,1 0,0,0,0", "16 4 1,1 1,1 1,1 0,0,0,0", "2 1,1 1,1 1,1 0,0,0,0")]
    [InlineData("12 1 3 1 1 1,1", "3 1 1 1 1 0,0", "1 3 1 1 1,1", 4)]
    public void Become_one_convolution(string first, string second, string expected, int channels = 8, bool folds = true)
    {
        ModelBuilder model = Make(channels, first, second, bias: true);
        ModelProto before = model.Model.Clone();

        LinearPairs.Apply(model.Graph);
        UnusedConstants.Remove(model.Graph);

        if (!folds)
        {
            model.Graph.Node.Should().HaveCount(2, "{0} would have more weights", expected);
            return;
        }

        NodeProto node = model.Graph.Node.Should().ContainSingle().Subject;
        string[] form = [node.GetInt("group", 1).ToString(CultureInfo.InvariantCulture), .. Lists
            .Select(name => string.Join(',', node.Attribute.Single(each => each.Name == name).Ints))];
        string.Join(' ', form).Should().Be(expected);
        CountValues(model.Graph).Should().BeLessThan(CountValues(before.Graph));
        AssertSame(before, model.Model, channels, Axes(first));
    }

    /// <summary>
    /// Every geometry of a small space, so that no case is left to luck: what folds is the same, and only what reads padding behind a bias
    /// or a kernel stays.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Compute_the_same_in_every_geometry(bool bias)
    {
        int folded = 0;
        int seed = 0;
        foreach (string kernel1 in (string[])["1", "2", "3"])
        {
            foreach (string kernel2 in (string[])["1", "2", "3"])
            {
                foreach (string strides in (string[])["1 1", "2 1", "1 2", "3 2"])
                {
                    foreach (string dilations in (string[])["1 1", "2 1", "1 2"])
                    {
                        foreach (string pads in (string[])["0,0 0,0", "1,2 0,0", "0,0 1,0", "0,0 0,2", "2,0 1,1"])
                        {
                            (string[] s, string[] d, string[] p) = (strides.Split(' '), dilations.Split(' '), pads.Split(' '));
                            string first = $"32 8 {kernel1} {s[0]} {d[0]} {p[0]}", second = $"2 2 {kernel2} {s[1]} {d[1]} {p[1]}";
                            ModelBuilder model = Make(8, first, second, bias, seed++);
                            ModelProto before = model.Model.Clone();
                            LinearPairs.Apply(model.Graph);
                            UnusedConstants.Remove(model.Graph);
                            bool readsPadding = p[1] != "0,0";
                            bool isExact = !readsPadding || (!bias && kernel1 == "1" && s[0] == "1" && p[0] == "0,0");
                            if (model.Graph.Node.Count == 1)
                            {
                                folded++;
                                isExact.Should().BeTrue("{0} then {1} differ at the borders", first, second);
                                AssertSame(before, model.Model, 8, 1);
                            }
                            else if (isExact)
                            {
                                (kernel1, kernel2).Should().NotBe(("1", "1"), "{0} then {1} is not dearer as one", first, second);
                            }
                        }
                    }
                }
            }
        }

        folded.Should().BeGreaterThan(100);
    }

    [Theory]
    [InlineData("read twice")]
    [InlineData("returned")]
    [InlineData("activation between")]
    [InlineData("computed weights")]
    [InlineData("padding of a size that is not said")]
    [InlineData("weights that overflow")]
    public void Stay_where_that_would_change_something(string name)
    {
        ModelBuilder model = Make(8, "16 8 3,3 1,1 1,1 1,1,1,1", "2 2 1,1 1,1 1,1 0,0,0,0", bias: true);
        _ = name switch
        {
            "read twice" => model.Node("Relu", ["a"], "z").Output("z"),
            "returned" => model.Output("a"),
            "activation between" => Between(model),
            "computed weights" => model.Input("w1-computed", 2, 8, 1, 1),
            "padding of a size that is not said" => AutoPadded(model),
            "weights that overflow" => Scaled(model),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such case."),
        };
        if (name == "computed weights")
        {
            model.Graph.Node[1].Input[1] = "w1-computed";
        }

        ModelProto before = model.Model.Clone();

        LinearPairs.Apply(model.Graph);

        model.Model.Should().Be(before);
    }

    [Fact]
    public void Three_in_a_row_become_one()
    {
        ModelBuilder model = Make(8, "16 8 3,3 1,1 1,1 1,1,1,1", "2 2 1,1 1,1 1,1 0,0,0,0", bias: true)
            .Constant("w2", RandomTensors.Normal(9, 2), 2, 1, 1, 1);
        (model.Graph.Node[1].Output[0], model.Graph.Node[1].Name) = ("b", "b-node");
        model.Node("Conv", ["b", "w2"], "y", ModelBuilder.Int("group", 2));
        ModelProto before = model.Model.Clone();

        LinearPairs.Apply(model.Graph);
        UnusedConstants.Remove(model.Graph);

        model.Graph.Node.Should().ContainSingle().Which.Output.Should().Equal("y");
        AssertSame(before, model.Model, 8, 2);
    }

    /// <summary>What the passes of static int8 do to the models of the shared folder changes their results by rounding alone.</summary>
    [Theory]
    [InlineData("openseeface-detection.onnx", 1, 3, 224, 224)]
    [InlineData("openseeface-landmarks.onnx", 1, 3, 224, 224)]
    [InlineData("yunet-n.onnx", 1, 3, 320, 320)]
    public void Passes_leave_the_function_of_real_models_as_it_is(string name, params int[] shape)
    {
        string path = SharedFolder.Models("zoo", name);
        long[] lengths = [.. shape.Select(length => (long)length)];
        float[] input = RandomTensors.Normal(3, shape.Aggregate((a, b) => a * b));

        float[][] expected = ModelRun.Floats(ModelFile.Load(path).Model, input, lengths);
        float[][] actual = ModelRun.Floats(StaticInt8Recipe.Load(path, null, TargetRuntime.OnnxRuntimeCpu).Model, input, lengths);

        foreach ((float[] one, float[] other) in expected.Zip(actual))
        {
            float largest = one.Max(MathF.Abs);
            other.Zip(one, (x, y) => MathF.Abs(x - y)).Max().Should().BeLessThanOrEqualTo(largest * 1e-4f);
        }
    }

    private static ModelBuilder Between(ModelBuilder model)
    {
        model.Graph.Node[1].Input[0] = "r";
        NodeProto relu = model.Node("Relu", ["a"], "r").Graph.Node[^1];
        model.Graph.Node.Remove(relu);
        model.Graph.Node.Insert(1, relu);
        return model;
    }

    private static ModelBuilder AutoPadded(ModelBuilder model)
    {
        model.Graph.Node[0].Attribute.Remove(model.Graph.Node[0].Attribute.Single(each => each.Name == "pads"));
        model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "auto_pad", Type = AttributeProto.Types.AttributeType.String,
            S = Google.Protobuf.ByteString.CopyFromUtf8("SAME_UPPER") });
        return model;
    }

    private static ModelBuilder Scaled(ModelBuilder model)
    {
        foreach (TensorProto weight in model.Graph.Initializer.Where(tensor => tensor.Name.StartsWith('w')))
        {
            weight.RawData = TensorData.Make<float>(TensorProto.Types.DataType.Float,
                [.. weight.ReadFloats().Select(value => value * 1e30f)]).RawData;
        }

        return model;
    }

    private static long CountValues(GraphProto graph) => graph.Initializer.Sum(tensor => tensor.CountElements()!.Value);

    private static int Axes(string conv) => conv.Split(' ')[2].Split(',').Length;

    private static void AssertSame(ModelProto before, ModelProto after, int channels, int axes)
    {
        long[] shape = axes == 1 ? [2, channels, 29] : [2, channels, 13, 12];
        float[] input = RandomTensors.Normal(7, (int)shape.Aggregate((a, b) => a * b));
        float[] expected = ModelRun.Floats(before, input, shape)[0], actual = ModelRun.Floats(after, input, shape)[0];
        actual.Should().HaveSameCount(expected);
        Decibels.Sqnr(expected, actual).Should().BeGreaterThan(LeastSqnr);
    }

    private static ModelBuilder Make(int channels, string first, string second, bool bias, int seed = 1)
    {
        ModelBuilder model = new ModelBuilder().Input("x", Axes(first) == 1 ? [2, channels, 29] : [2, channels, 13, 12]);
        Add(model, "x", "a", 0, channels, first, bias, seed);
        Add(model, "a", "y", 1, int.Parse(first.Split(' ')[0], CultureInfo.InvariantCulture), second, bias, seed);
        model.Output("y").Graph.Output[0].Type.TensorType.Shape = null;
        return model;
    }

    private static void Add(ModelBuilder model, string input, string output, int place, int channels, string form, bool bias, int seed)
    {
        long[][] numbers = [.. form.Split(' ')
            .Select(list => list.Split(',').Select(number => long.Parse(number, CultureInfo.InvariantCulture)).ToArray())];
        (long outputs, long groups, long[] kernel) = (numbers[0][0], numbers[1][0], numbers[2]);
        long[] shape = [outputs, channels / groups, .. kernel];
        model.Constant($"w{place}", RandomTensors.Normal((seed * 10) + place, (int)shape.Aggregate((a, b) => a * b)), shape)
            .Constant($"b{place}", RandomTensors.Normal((seed * 10) + place + 2, (int)outputs), outputs)
            .Node("Conv", bias ? [input, $"w{place}", $"b{place}"] : [input, $"w{place}"], output, ModelBuilder.Int("group", groups),
                ModelBuilder.Ints("strides", numbers[3]), ModelBuilder.Ints("dilations", numbers[4]),
                ModelBuilder.Ints("pads", numbers[5]));
    }
}
