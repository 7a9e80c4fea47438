using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Recipes;

/// <summary>Weights as int8, inputs as codes whose range is found at run time.</summary>
public sealed class DynamicInt8Tests : IDisposable
{
    private const int Rows = 5, Width = 48, Wide = 80;

    private readonly TemporaryFolder _folder = new();
    private readonly float[] _x = RandomTensors.Normal(1, Rows * Width);
    private readonly float[] _a = RandomTensors.Normal(2, Width * Wide, 0.2), _b = RandomTensors.Normal(3, Wide * Width, 0.2),
        _bias = RandomTensors.Normal(4, Wide);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(GranularityKind.PerChannel)]
    [InlineData(GranularityKind.PerTensor)]
    public void A_product_is_that_of_a_slow_reference(GranularityKind granularity)
    {
        string path = new ModelBuilder().Input("x", Rows, Width).Constant("a", _a, Width, Wide).Node("MatMul", ["x", "a"], "y")
            .Output("y", Rows, Wide).Save(_folder.PathTo("model.onnx"));

        PtqResult result = DynamicQuantizer.Quantize(
            path, _folder.PathTo("out.onnx"), new DynamicOptions { WeightGranularity = granularity });

        Run(result)[0].Should()
            .Equal(SlowDynamicProduct.Multiply(_x, SlowDynamicProduct.Round(_a, Width, Wide, granularity == GranularityKind.PerTensor)));
        result.QuantizedNodes.Should().Equal("y-node");
        result.Calibration.SampleCount.Should().Be(0);
    }

    [Fact]
    public void A_transposed_matrix_a_bias_and_the_factors_of_a_Gemm_count()
    {
        const float Alpha = 0.3f, Beta = 1.7f;
        string path = new ModelBuilder().Input("x", Rows, Width).Constant("b", _b, Wide, Width).Constant("c", _bias, Wide)
            .Node("Gemm", ["x", "b", "c"], "y", ModelBuilder.Int("transB", 1), Factor("alpha", Alpha), Factor("beta", Beta))
            .Output("y", Rows, Wide)
            .Save(_folder.PathTo("model.onnx"));
        (int[,] codes, float[] scales) = SlowDynamicProduct.Round(SlowDynamicProduct.Transpose(_b, Wide, Width), Width, Wide);
        float[] product = SlowDynamicProduct.Multiply(_x, (codes, [.. scales.Select(scale => scale * Alpha)]));

        PtqResult result = DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx"));

        Run(result)[0].Should().Equal(product.Select((value, i) => value + (_bias[i % Wide] * Beta)));
    }

    [Fact]
    public void Readers_of_a_value_share_its_codes()
    {
        string path = Network().Save(_folder.PathTo("model.onnx"));

        ModelProto written = ModelFile.Load(DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx")).OutputPath).Model;

        written.Graph.Node.Count(node => node.OpType == "DynamicQuantizeLinear").Should()
            .Be(3, "x has two readers, two other values have one");
        written.Graph.Node.Count(node => node.OpType == "MatMulInteger").Should().Be(4);
        written.Graph.Initializer.Count(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Int8
            && tensor.Dims.Count == 2).Should()
            .Be(3, "two layers share a matrix");
    }

    [Fact]
    public void ONNX_Runtime_joins_each_product_to_one_node()
    {
        string path = Network().Save(_folder.PathTo("model.onnx"));

        PtqResult result = DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx"));

        result.Int8Operators.Should()
            .BeEquivalentTo(new Dictionary<string, int> { ["DynamicQuantizeMatMul"] = 2, ["MatMulIntegerToFloat"] = 2 });
        ModelProto optimized = OptimizedGraph.Of(
            path, ModelFile.Load(result.OutputPath).Model, GraphOptimizationLevel.ORT_ENABLE_EXTENDED, null);
        optimized.Graph.Node.Select(node => node.OpType).Should().BeEquivalentTo(
            [
                "DynamicQuantizeLinear", "MatMulIntegerToFloat", "MatMulIntegerToFloat", "Add", "DynamicQuantizeMatMul",
                "DynamicQuantizeMatMul"
            ], "the bias is joined too");
    }

    [Fact]
    public void A_table_and_the_product_with_it_share_codes()
    {
        const int Words = 512;
        float[] table = RandomTensors.Normal(1, Words * Width);
        ModelBuilder network = new ModelBuilder().Input("x", Rows, Width).Constant("table", table, Words, Width)
            .Node("ReduceSum", ["x"], "s", ModelBuilder.Int("keepdims", 0))
            .Node("Cast", ["s"], "i", ModelBuilder.Int("to", 7))
            .Node("Sub", ["i", "i"], "zero")
            .Node("Gather", ["table", "zero"], "e").Node("Add", ["x", "e"], "h")
            .Node("Gemm", ["h", "table"], "y", ModelBuilder.Int("transB", 1)).Output("y", Rows, Words);
        string path = network.Save(_folder.PathTo("model.onnx"));

        foreach (PtqResult result in (PtqResult[])[DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx")),
            WeightQuantizer.Quantize(path, _folder.PathTo("weights.onnx"))])
        {
            result.QuantizedNodes.Should().HaveCount(2);
            ModelProto written = ModelFile.Load(result.OutputPath).Model;
            written.Graph.Initializer.Count(tensor => tensor.RawData.Length == table.Length).Should().Be(1);
            Decibels.Sqnr(ModelRun.Floats(ModelFile.Load(path).Model, _x, Rows, Width)[0], Run(result)[0]).Should().BeGreaterThan(30);
        }
    }

    [Fact]
    public void An_input_without_rows_or_without_range_gives_zeros()
    {
        string path = new ModelBuilder().Input("x", -1, Width).Constant("a", _a, Width, Wide).Node("MatMul", ["x", "a"], "y")
            .Output("y", -1, Wide).Save(_folder.PathTo("model.onnx"));

        ModelProto written = ModelFile.Load(DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx")).OutputPath).Model;

        ModelRun.Floats(written, [], 0, Width)[0].Should().BeEmpty();
        ModelRun.Floats(written, new float[Width], 1, Width)[0].Should().Equal(new float[Wide]);
    }

    [Fact]
    public void What_has_no_form_stays_in_float_with_a_reason_or_gets_int8_weights()
    {
        string path = new ModelBuilder().Input("x", 1, 3, 8, 8).Conv("x", "c", 3, 4).Integers("shape", 4, 64)
            .Node("Reshape", ["c", "shape"], "r").Constant("w", RandomTensors.Normal(1, 4 * 8), 4, 8)
            .Constant("v", RandomTensors.Normal(2, 8 * 8), 8, 8).Node("Gemm", ["r", "w"], "g", ModelBuilder.Int("transA", 1))
            .Node("MatMul", ["g", "v"], "y").Output("y", 64, 8).Save(_folder.PathTo("model.onnx"));

        PtqResult result = DynamicQuantizer.Quantize(
            path, _folder.PathTo("out.onnx"), new DynamicOptions { FloatNodes = new HashSet<string> { "y-node" } });

        result.QuantizedNodes.Should().Equal("g-node");
        result.Plan.Nodes.Single().Inputs.Should().BeEmpty("its input is read transposed");
        result.FloatNodes["c-node"].Should().StartWith("a convolution with ranges found at run time needs ONNX Runtime's ConvInteger");
        result.FloatNodes["y-node"].Should().Be("kept in float as asked");
        FluentActions.Invoking(() => DynamicQuantizer.Quantize(
            path, _folder.PathTo("out.onnx"), new DynamicOptions { FloatNodes = new HashSet<string> { "z" } }))
            .Should().Throw<ArgumentException>()
            .WithMessage("*model.onnx: DynamicOptions.FloatNodes names 'z', but the model has no such node*");
    }

    [Fact]
    public void The_language_model_keeps_its_words()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx");

        PtqResult result = DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx"));

        result.QuantizedNodes.Should().HaveCount(37, "36 products and the table of tokens");
        result.Int8Nodes.Should().Be(36);
        (Stories.Perplexity(result.OutputPath) / Stories.Perplexity(path)).Should()
            .BeInRange(1, 1.015, "4.786 beside 4.745 were measured on all stories");
    }

    /// <summary>Two products of one value, one of them with a bias, a product of their sum, and one with the first matrix again.</summary>
    private ModelBuilder Network() =>
        new ModelBuilder().Input("x", Rows, Width).Constant("a", _a, Width, Wide).Constant("b", _b, Wide, Width).Constant("c", _bias, Wide)
            .Constant("d", RandomTensors.Normal(5, Width * Wide, 0.2), Width, Wide)
            .Node("MatMul", ["x", "a"], "p").Node("Gemm", ["x", "d", "c"], "q").Node("Add", ["p", "q"], "s").Node("MatMul", ["s", "b"], "t")
            .Node("MatMul", ["t", "a"], "y").Output("y", Rows, Wide);

    private static AttributeProto Factor(string name, float value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    private float[][] Run(PtqResult result) => ModelRun.Floats(ModelFile.Load(result.OutputPath).Model, _x, Rows, Width);
}
