using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>
/// ConvTranspose written as a Conv whose phases are moved beside each other, for each way in which strides, kernels and padding meet.
/// </summary>
public sealed class ConvTransposeTests : IDisposable
{
    /// <summary>
    /// The weights' steps of 1/127 of the largest, and input and output in 255 steps of up to eight standard deviations, leave 30 dB and
    /// more; a value in the wrong place, less than 3.
    /// </summary>
    private const double LeastSqnr = 30;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Lists of integers: strides; kernel; pads; output padding.</summary>
    [Theory]
    [InlineData("1", "3", "1,1", "0")]
    [InlineData("2", "2", "0,0", "0")]
    [InlineData("2", "4", "1,1", "0")]
    [InlineData("2", "4", "0,1", "1")]
    [InlineData("8", "16", "4,4", "0")]
    [InlineData("2", "7", "5,6", "0")]
    [InlineData("1,1", "3,3", "0,0,0,0", "0,0")]
    [InlineData("1,1", "3,2", "2,1,2,1", "0,0")]
    [InlineData("2,2", "2,2", "0,0,0,0", "0,0")]
    [InlineData("2,2", "4,4", "1,1,1,1", "0,0")]
    [InlineData("2,2", "3,3", "1,1,1,1", "1,1")]
    [InlineData("2,2", "3,3", "0,1,1,0", "0,1")]
    [InlineData("3,2", "3,4", "2,0,0,3", "0,0")]
    [InlineData("1,3", "2,5", "0,2,1,1", "0,0")]
    [InlineData("4,4", "8,8", "2,2,2,2", "0,0")]
    public void Runs_on_integers_and_each_value_is_where_it_was(string strides, string kernel, string pads, string added)
    {
        string model = Make(Numbers(strides), Numbers(kernel), Numbers(pads), Numbers(added)).Save(_folder.PathTo("model.onnx"));

        PtqResult result = PostTrainingQuantizer.Quantize(model, Samples(strides), _folder.PathTo("out.onnx"));

        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["QLinearConv"] = 1 });
        result.ConversionReasons.Should().HaveCount(2);
        (long[] expectedShape, float[] expected) = Run(model, InputShape(strides));
        (long[] shape, float[] actual) = Run(result.OutputPath, InputShape(strides));
        shape.Should().Equal(expectedShape);
        Decibels.Sqnr(expected, actual).Should().BeGreaterThan(LeastSqnr);
        OnnxChecker.Check([result.OutputPath]).Accepted.Should().Be(1);
    }

    /// <summary>What a detector hands on where it finds nothing.</summary>
    [Theory]
    [InlineData("2", "4", "1,1", "0")]
    [InlineData("2,2", "2,2", "0,0,0,0", "0,0")]
    [InlineData("3,2", "3,4", "2,0,0,3", "0,0")]
    public void Takes_an_empty_batch(string strides, string kernel, string pads, string added)
    {
        string model = Make(Numbers(strides), Numbers(kernel), Numbers(pads), Numbers(added)).Save(_folder.PathTo("model.onnx"));

        PtqResult result = PostTrainingQuantizer.Quantize(model, Samples(strides), _folder.PathTo("out.onnx"));

        long[] empty = [0, .. InputShape(strides)[1..]];
        Run(result.OutputPath, empty).Shape.Should().Equal(Run(model, empty).Shape);
    }

    [Fact]
    public void Weights_have_a_scale_for_each_output_channel()
    {
        ModelBuilder builder = Make([2, 2], [2, 2], [0, 0, 0, 0], [0, 0]);
        float[] weights = builder.Graph.Initializer[0].ReadFloats();
        PtqResult result = PostTrainingQuantizer.Quantize(
            builder.Save(_folder.PathTo("model.onnx")), Samples("2,2"), _folder.PathTo("out.onnx"));

        GraphProto graph = ModelFile.Load(result.OutputPath).Model.Graph;
        NodeProto conv = graph.Node.Single(node => node.OpType == "Conv");
        NodeProto dequantize = graph.Node.Single(node => node.Output[0] == conv.Input[1]);
        TensorProto codes = graph.Initializer.Single(tensor => tensor.Name == dequantize.Input[0]),
            scales = graph.Initializer.Single(tensor => tensor.Name == dequantize.Input[1]);

        // [3, 5, 2, 2] has channel c at every fifth plane of four; its phases stand five channels apart.
        float[] largest = [.. Enumerable.Range(0, 5)
            .Select(c => Enumerable.Range(0, 3).SelectMany(i => weights.Skip(((i * 5) + c) * 4).Take(4)).Max(MathF.Abs))];
        scales.ReadFloats().Should().Equal(Enumerable.Range(0, 20).Select(channel => largest[channel % 5] / 127));
        codes.Dims.Should().Equal(20, 3, 1, 1);
    }

    [Fact]
    public void Its_sensitivity_is_measured_and_its_cost_counts_the_products_of_a_phase()
    {
        string model = Make([2, 2], [4, 4], [1, 1, 1, 1], [0, 0]).Save(_folder.PathTo("model.onnx"));
        ModelCalibration calibration = ModelCalibrator.Calibrate(model, Samples("2,2"));

        SensitivityResult result = SensitivityAnalyzer.Analyze(
            model, calibration, Samples("2,2"), new SensitivityOptions { Measures = Enum.GetValues<SensitivityMeasure>() });

        // Each of the 2 · 6 · 7 inputs a channel meets each of its 5 · 16 weights.
        LayerSensitivity layer = result.Layers.Single();
        layer.Scores.Values.Should().OnlyContain(score => score.SignalToNoise > LeastSqnr);
        layer.Cost.MultiplyAccumulates.Should().Be(2 * 6 * 7 * 3 * 5 * 16);
    }

    [Theory]
    [InlineData("group", "ONNX Runtime has no integer ConvTranspose, and only one with a single group can be written as a Conv")]
    [InlineData("dilations", "ONNX Runtime has no integer ConvTranspose, and only one without dilation can be written as a Conv")]
    [InlineData("output_shape", "ONNX Runtime has no integer ConvTranspose, and only one with explicit padding can be written as a Conv")]
    [InlineData(
        "three axes", "ONNX Runtime has no integer ConvTranspose, and only one with one or two spatial axes can be written as a Conv")]
    [InlineData(
        "kernel 1, stride 2", "ONNX Runtime has no integer ConvTranspose, and as a Conv it would multiply by more zeros than weights")]
    [InlineData("output padding", "ONNX Runtime has no integer ConvTranspose, and its output padding cannot be written as a Conv")]
    public void What_cannot_be_written_so_stays_in_float_and_says_why(string form, string reason)
    {
        AttributeProto[] attributes = form switch
        {
            "group" => [ModelBuilder.Int("group", 3)],
            "dilations" => [ModelBuilder.Ints("dilations", 2, 2)],
            "output_shape" => [ModelBuilder.Ints("output_shape", 10, 10)],
            "kernel 1, stride 2" => [ModelBuilder.Ints("strides", 2, 2)],
            "output padding" => [ModelBuilder.Ints("strides", 2, 2), ModelBuilder.Ints("output_padding", 1, 1)],
            _ => [],
        };
        int side = form == "kernel 1, stride 2" ? 1 : 2;
        long[] shape = form == "three axes" ? [3, 5, 1, 2, 2] : [3, 5, side, side];
        ModelBuilder model = new ModelBuilder().Input("x", form == "three axes" ? [1, 3, 2, 6, 6] : [1, 3, 6, 6])
            .Constant("w", RandomTensors.Normal(4, (int)shape.Aggregate((a, b) => a * b)), shape)
            .Node("ConvTranspose", ["x", "w"], "y", attributes)
            .Output("y");
        model.Graph.Output[0].Type.TensorType.Shape = null;

        PtqResult result = PostTrainingQuantizer.Quantize(
            model.Save(_folder.PathTo("model.onnx")), new SampleList([]), _folder.PathTo("out.onnx"));

        result.FloatNodes.Should().Equal(new Dictionary<string, string> { ["y-node"] = reason });
        File.ReadAllBytes(result.OutputPath).Should().Equal(File.ReadAllBytes(_folder.PathTo("model.onnx")));
    }

    private static long[] Numbers(string list) => [.. list.Split(',').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];

    private static long[] InputShape(string strides) => strides.Contains(',', StringComparison.Ordinal) ? [2, 3, 6, 7] : [2, 3, 9];

    private static SampleList Samples(string strides) => RandomTensors.Samples(16, InputShape(strides));

    private static ModelBuilder Make(long[] strides, long[] kernel, long[] pads, long[] added)
    {
        int weights = 3 * 5 * (int)kernel.Aggregate((a, b) => a * b);
        long[] free = [.. strides.Select(_ => -1L)];
        ModelBuilder model = new ModelBuilder().Input("x", [-1, 3, .. free])
            .Constant("w", RandomTensors.Normal(4, weights), [3, 5, .. kernel]).Constant("b", [1, -1, 2, -2, 0.5f], 5)
            .Node(
                "ConvTranspose",
                ["x", "w", "b"],
                "y",
                ModelBuilder.Ints("strides", strides),
                ModelBuilder.Ints("pads", pads),
                ModelBuilder.Ints("output_padding", added))
            .Output("y", [-1, 5, .. free]);
        foreach ((int i, TensorShapeProto.Types.Dimension length) in model.Graph.Input.Concat(model.Graph.Output)
            .SelectMany(value => value.Type.TensorType.Shape.Dim).Where(length => length.DimParam.Length > 0).Index())
        {
            length.DimParam = $"d{i}";
        }

        return model;
    }

    private static (long[] Shape, float[] Values) Run(string path, long[] shape)
    {
        using InferenceSession session = new(path);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(RandomTensors.Normal(1, (int)shape.Aggregate((a, b) => a * b)), shape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, new Dictionary<string, OrtValue> { ["x"] = input }, ["y"]);
        return (outputs[0].GetTensorTypeAndShape().Shape, outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }
}
