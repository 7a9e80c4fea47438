using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Recipes;

/// <summary>Weights as int8, activations in float: the second recipe, on the way of the first.</summary>
public sealed class WeightOnlyInt8Tests : IDisposable
{
    private const int Width = 64, Rows = 512;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_model_computes_with_what_the_codes_stand_for()
    {
        string path = Network().Save(_folder.PathTo("model.onnx"));
        FloatModel model = FloatModel.Load(path, new WeightOnlyInt8Recipe(), null);
        QuantizationPlan plan = new WeightOnlyInt8Recipe().Plan(model, null);
        ModelProto expected = RoundedWeights.Write(model, plan, new WeightRounding(path, new WeightRanges()));
        float[] x = RandomTensors.Normal(5, 4 * Width);

        PtqResult result = Quantize(path);

        float[][] outputs = ModelRun.Floats(ModelFile.Load(result.OutputPath).Model, x, 4, Width);
        outputs[0].Should().Equal(ModelRun.Floats(expected, x, 4, Width)[0]);
        outputs[0].Should().NotEqual(ModelRun.Floats(ModelFile.Load(path).Model, x, 4, Width)[0]);
        result.QuantizedNodes.Should().Equal("a-node", "b2-node", "y-node");
        result.Calibration.SampleCount.Should().Be(0);
    }

    [Fact]
    public void The_codes_are_those_of_a_slow_reference()
    {
        string path = Network().Save(_folder.PathTo("model.onnx"));
        float[] weights = RandomTensors.Normal(1, Width * Width, 0.2);

        ModelProto written = ModelFile.Load(Quantize(path).OutputPath).Model;

        NodeProto dequantize =
            written.Graph.Node.Single(node => node.Output[0] == written.Graph.Node.Single(each => each.Name == "a-node").Input[1]);
        ReadOnlySpan<byte> codes = Find(written, dequantize.Input[0]).RawData.Span;
        float[] scales = Find(written, dequantize.Input[1]).ReadFloats();
        for (int column = 0; column < Width; column++)
        {
            float largest = Enumerable.Range(0, Width).Max(row => MathF.Abs(weights[(row * Width) + column]));
            scales[column].Should().Be((float)((double)largest / 127));
            for (int row = 0; row < Width; row++)
            {
                ((sbyte)codes[(row * Width) + column]).Should().Be((sbyte)Math.Clamp(
                    Math.Round((double)(weights[(row * Width) + column] / scales[column]), MidpointRounding.ToEven), -127, 127));
            }
        }
    }

    [Fact]
    public void ONNX_Runtime_multiplies_by_the_codes_themselves()
    {
        string path = Network().Save(_folder.PathTo("model.onnx"));

        ModelProto written = ModelFile.Load(Quantize(path).OutputPath).Model;

        written.OpsetImport.Single(import => import.Domain.Length == 0).Version.Should().Be(13);
        ModelProto optimized = OptimizedGraph.Of(path, written, GraphOptimizationLevel.ORT_ENABLE_EXTENDED, null);
        optimized.Graph.Node.Count(node => node.OpType == "MatMulNBits").Should()
            .Be(3, "a transposed Gemm is written the other way around");
        optimized.Graph.Node.Should().NotContain(node => node.OpType == "DequantizeLinear");
    }

    [Fact]
    public void A_table_and_the_product_with_it_share_codes()
    {
        ModelBuilder network = new ModelBuilder().Input("x", 4, Width)
            .Constant("table", RandomTensors.Normal(1, Rows * Width), Rows, Width)
            .Integers("rows", 3, 1, 4, 1)
            .Constant("w", RandomTensors.Normal(2, Width * Width, 0.2), Width, Width)
            .Node("MatMul", ["x", "w"], "a")
            .Node("ReduceSum", ["a"], "s", ModelBuilder.Int("keepdims", 0))
            .Node("Cast", ["s"], "i", ModelBuilder.Int("to", 7))
            .Node("Sub", ["i", "i"], "zero").Node("Gather", ["table", "zero"], "e").Node("Add", ["a", "e"], "h")
            .Node("Transpose", ["table"], "t", ModelBuilder.Ints("perm", 1, 0)).Node("MatMul", ["h", "t"], "y").Output("y", 4, Rows);
        string path = network.Save(_folder.PathTo("model.onnx"));

        PtqResult result = Quantize(path);

        ModelProto written = ModelFile.Load(result.OutputPath).Model;
        written.Graph.Initializer.Where(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Int8)
            .Select(tensor => tensor.CountElements()).Should().BeEquivalentTo([Rows * Width, Width * Width]);
        ((double)result.OutputBytes / result.ModelBytes).Should().BeLessThan(0.3);
    }

    [Fact]
    public void Convolutions_and_excluded_nodes_stay_in_float_with_a_reason()
    {
        string path = new ModelBuilder().Input("x", 1, 3, 8, 8).Conv("x", "c", 3, 4).Node("Flatten", ["c"], "f")
            .Constant("w", RandomTensors.Normal(1, 256 * 8), 256, 8)
            .Constant("v", RandomTensors.Normal(2, 8 * 8), 8, 8).Node("MatMul", ["f", "w"], "a").Node("MatMul", ["a", "v"], "y")
            .Output("y", 1, 8).Save(_folder.PathTo("model.onnx"));

        PtqResult result = new RecipeRunner(new PtqOptions(), null, CancellationToken.None)
            .Run(
                path,
                new WeightOnlyInt8Recipe { ExcludedNodes = new HashSet<string> { "a-node" } },
                _ => throw new InvalidOperationException("no sample is needed"),
                () => null,
                _folder.PathTo("out.onnx"));

        result.QuantizedNodes.Should().Equal("y-node");
        result.FloatNodes.Should().HaveCount(2);
        result.FloatNodes["a-node"].Should().Be("kept in float as asked");
        result.FloatNodes["c-node"].Should().StartWith("ONNX Runtime turns the int8 weights of a convolution on floats back");
    }

    [Fact]
    public void The_language_model_keeps_its_words()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx");

        PtqResult result = Quantize(path);

        result.QuantizedNodes.Should().HaveCount(37, "36 products and the table of tokens");
        (result.ModelBytes - result.OutputBytes).Should()
            .BeInRange(750_000, 900_000, "three of four bytes of 260,000 weights go, and a constant mask stays");
        (Stories.Perplexity(result.OutputPath) / Stories.Perplexity(path)).Should().BeApproximately(1, 0.003);
    }

    /// <summary>A MatMul, a Gemm with a transposed matrix and a bias, a MatMul.</summary>
    private static ModelBuilder Network() => new ModelBuilder().Input("x", 4, Width)
        .Constant("wa", RandomTensors.Normal(1, Width * Width, 0.2), Width, Width)
        .Constant("wb", RandomTensors.Normal(2, 2 * Width * Width, 0.2), 2 * Width, Width)
        .Constant("b", RandomTensors.Normal(3, 2 * Width), 2 * Width)
        .Constant("wc", RandomTensors.Normal(4, 2 * Width * Width, 0.2), 2 * Width, Width)
        .Node("MatMul", ["x", "wa"], "a").Node("Gemm", ["a", "wb", "b"], "b2", ModelBuilder.Int("transB", 1))
        .Node("MatMul", ["b2", "wc"], "y").Output("y", 4, Width);

    private static TensorProto Find(ModelProto model, string name) => model.Graph.Initializer.Single(tensor => tensor.Name == name);

    private PtqResult Quantize(string path) => new RecipeRunner(new PtqOptions(), null, CancellationToken.None)
        .Run(
            path,
            new WeightOnlyInt8Recipe(),
            _ => throw new InvalidOperationException("no sample is needed"),
            () => null,
            _folder.PathTo("out.onnx"));
}
