using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Recipes;

/// <summary>The operators that weights in blocks are written with, for the nodes and the floats that models have.</summary>
public sealed class BlockFormTests : IDisposable
{
    private const int Inputs = 48, Outputs = 40, Rows = 100;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(4, QuantizationScheme.Affine)]
    [InlineData(4, QuantizationScheme.Symmetric)]
    [InlineData(8, QuantizationScheme.Affine)]
    [InlineData(8, QuantizationScheme.Symmetric)]
    public void Both_forms_hold_the_same_weights_and_ONNX_Runtime_joins_the_standard_one(int bits, QuantizationScheme scheme)
    {
        string path = new ModelBuilder().Input("x", -1, Inputs).Constant("w", Weights(), Inputs, Outputs)
            .Constant("v", Weights(), Outputs, Inputs).Constant("b", Weights()[..Outputs], Outputs)
            .Node("MatMul", ["x", "w"], "a").Node("Gemm", ["x", "v", "b"], "c", ModelBuilder.Int("transB", 1)).Node("Sub", ["a", "c"], "y")
                .Output("y", -1, Outputs).Save(_folder.PathTo("model.onnx"));
        float[] x = RandomTensors.Normal(3, 5 * Inputs);
        WeightOnlyOptions options = new() { Bits = bits, BlockSize = 32, BlockScheme = scheme, AccuracyLevel = 0 };

        ModelProto own = Quantize(path, options), standard = Quantize(path, options with { Form = BlockForm.DequantizeLinear });

        float[] identity = Identity(Inputs);
        ModelRun.Floats(standard, identity, Inputs, Inputs)[0].Should().Equal(ModelRun.Floats(own, identity, Inputs, Inputs)[0]);
        standard.Graph.Node.Should().NotContain(node => node.Domain.Length > 0);
        standard.OpsetImport.Single(import => import.Domain.Length == 0).Version.Should().Be(21);
        OptimizedGraph.Of(path, standard, GraphOptimizationLevel.ORT_ENABLE_EXTENDED, null).Graph.Node.Select(node => node.OpType).Should()
            .Equal("MatMulNBits", "MatMulNBits", "Sub");
        Noise(ModelRun.Floats(own, x, 5, Inputs)[0], ModelRun.Floats(ModelFile.Load(path).Model, x, 5, Inputs)[0]).Should()
            .BeLessThan(bits == 4 ? 0.1 : 0.01);
    }

    [Fact]
    public void A_Gemm_keeps_its_factors_and_its_bias()
    {
        string path = new ModelBuilder().Input("x", -1, Inputs).Constant("w", Weights(), Inputs, Outputs)
            .Constant("b", Weights()[..Outputs], 1, Outputs)
            .Node("Gemm", ["x", "w", "b"], "y", Float("alpha", 0.5f), Float("beta", -2)).Output("y", -1, Outputs)
                .Save(_folder.PathTo("model.onnx"));

        ModelProto written = Quantize(path, new WeightOnlyOptions { Bits = 8, BlockSize = 16, AccuracyLevel = 0 });

        float[] y = ModelRun.Floats(written, Identity(Inputs), Inputs, Inputs)[0], weights = Weights();
        written.Graph.Node[^1].Name.Should().Be("y-node");
        for (int i = 0; i < y.Length; i++)
        {
            y[i].Should().BeApproximately(0.5f * weights[i] - 2 * weights[i % Outputs], 0.01f, "a step of 8 bits is that small");
        }
    }

    [Theory]
    [InlineData(64, 2)]
    [InlineData(64, 4)]
    [InlineData(64, 8)]
    [InlineData(72, 4)]
    public void A_table_and_the_product_with_it_share_codes_where_blocks_are_whole(int width, int bits)
    {
        string path = Tied(width).Save(_folder.PathTo("model.onnx"));

        ModelProto written = Quantize(path, new WeightOnlyOptions { Bits = bits, BlockSize = 32, AccuracyLevel = 0 });

        TensorProto[] codes = [.. written.Graph.Initializer.Where(
            tensor => tensor.DataType == (int)TensorProto.Types.DataType.Uint8 && tensor.RawData.Length >= Rows * width * bits / 8)];
        codes.Should().HaveCount(width % 32 == 0 ? 1 : 2);
        written.Graph.Initializer.Should().NotContain(tensor => tensor.IsFloat() && tensor.RawData.Length >= Rows * width);
        written.Graph.Node.Select(node => node.OpType).Should()
            .NotContain("Transpose").And.Contain("GatherBlockQuantized").And.Contain("MatMulNBits");
        float[][] outputs = Run(
            written, new Dictionary<string,
            OrtValue> { ["ids"] = OrtValue.CreateTensorValueFromMemory<long>([.. Enumerable.Range(0, Rows).Select(i => (long)i)], [Rows]),
            ["x"] = OrtValue.CreateTensorValueFromMemory(Identity(width), [width, width]) });
        for (int row = 0; row < Rows; row++)
        {
            for (int i = 0; i < width; i++)
            {
                outputs[0][row * width + i].Should().Be(outputs[1][i * Rows + row], "the rows looked up are the columns multiplied by");
            }
        }
    }

    [Fact]
    public void A_table_of_the_standard_form_has_a_scale_for_each_row()
    {
        string path = Tied(64).Save(_folder.PathTo("model.onnx"));

        PtqResult result = WeightQuantizer.Quantize(
            path, _folder.PathTo("out.onnx"), new WeightOnlyOptions { Bits = 4, Form = BlockForm.DequantizeLinear });

        result.Plan.Nodes.Select(node => node.Weights!.Granularity).Should().Equal(GranularityKind.PerChannel, GranularityKind.PerBlock);
        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["MatMulNBits"] = 1 });
    }

    [Fact]
    public void Sixteen_bit_floats_stay_what_they_are()
    {
        ModelProto model = Tied(64).Model;
        ToHalf(model, HalfFormat.Float16);
        File.WriteAllBytes(_folder.PathTo("model.onnx"), model.ToByteArray());

        ModelProto written = Quantize(_folder.PathTo("model.onnx"), new WeightOnlyOptions { Bits = 4, AccuracyLevel = 0 });

        written.Graph.Node.Should().NotContain(node => node.OpType == "Cast");
        TensorProto scales = written.Graph.Initializer.Single(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Float16);
        float[] table = ReadHalf(model.Graph.Initializer[0]), stored = ReadHalf(scales);
        for (int row = 0; row < Rows; row++)
        {
            for (int block = 0; block < 2; block++)
            {
                stored[row * 2 + block].Should()
                    .Be(SlowBlocks.Quantize(
                    table[(row * 64 + block * 32)..][..32], null, 4, isAffine: true, isSearched: true, scale => (float)(Half)scale).Scale);
            }
        }

        using InferenceSession session = new(written.ToByteArray());
        session.OutputMetadata.Values.Should()
            .OnlyContain(output => output.ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16);
    }

    [Fact]
    public void Bfloat16_is_written_though_the_processor_cannot_multiply_it()
    {
        ModelProto model = Tied(64).Model;
        ToHalf(model, HalfFormat.BFloat16);
        File.WriteAllBytes(_folder.PathTo("model.onnx"), model.ToByteArray());

        PtqResult result = WeightQuantizer.Quantize(
            _folder.PathTo("model.onnx"), _folder.PathTo("out.onnx"), new WeightOnlyOptions { Bits = 4 });

        ModelProto written = ModelFile.Load(result.OutputPath).Model;
        written.Graph.Initializer.Should().ContainSingle(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Bfloat16);
        result.Int8Operators["MatMulNBits"].Should().Be(1);
    }

    [Fact]
    public void Weights_stored_in_sixteen_bits_behind_a_Cast_are_found()
    {
        ModelBuilder model = new ModelBuilder().Input("x", -1, Inputs).Constant("w", Weights(), Outputs, Inputs);
        TensorProto half = HalfTensor.Make(model.Graph.Initializer[0], HalfFormat.BFloat16);
        half.Name = "w";
        model.Graph.Initializer[0] = half;
        string path = model.Node("Cast", ["w"], "c", ModelBuilder.Int("to", 1)).Node("Identity", ["c"], "i").Node("Transpose", ["i"], "t")
            .Node("MatMul", ["x", "t"], "y").Output("y", -1, Outputs).Save(_folder.PathTo("model.onnx"));

        ModelProto written = Quantize(path, new WeightOnlyOptions { Bits = 4 });

        written.Graph.Node.Select(node => node.OpType).Should().Equal("MatMulNBits");
        written.Graph.Initializer.Should().NotContain(tensor => tensor.IsHalfFloat());
    }

    /// <summary>Rows that are looked up, and a product with the transpose of their table.</summary>
    private static ModelBuilder Tied(int width)
    {
        ModelBuilder model = new ModelBuilder().Input("ids", -1).Input("x", -1, width)
            .Constant("table", RandomTensors.Normal(7, Rows * width, 0.3), Rows, width)
            .Node("Gather", ["table", "ids"], "e").Node("Transpose", ["table"], "t", ModelBuilder.Ints("perm", 1, 0))
                .Node("MatMul", ["x", "t"], "y").Output("e", -1, width).Output("y", -1, Rows);
        model.Graph.Input[0].Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Int64;
        return model;
    }

    private static void ToHalf(ModelProto model, HalfFormat format)
    {
        TensorProto half = HalfTensor.Make(model.Graph.Initializer[0], format);
        half.Name = model.Graph.Initializer[0].Name;
        model.Graph.Initializer[0] = half;
        foreach (ValueInfoProto value in model.Graph.Input.Concat(model.Graph.Output)
            .Where(value => value.Type.TensorType.ElemType == (int)TensorProto.Types.DataType.Float))
        {
            value.Type.TensorType.ElemType = (int)HalfTensor.TypeOf(format);
        }
    }

    private static float[] ReadHalf(TensorProto tensor)
    {
        TensorProto floats = tensor.Clone();
        floats.Widen();
        return floats.ReadFloats();
    }

    private static float[] Weights() => RandomTensors.Normal(1, Inputs * Outputs, 0.2);

    private static float[] Identity(int length) => [.. Enumerable.Range(0, length * length).Select(i => i / length == i % length ? 1f : 0)];

    private static double Noise(float[] actual, float[] expected) =>
        Math.Sqrt(actual.Zip(expected, (a, b) => Math.Pow(a - b, 2)).Sum() / expected.Sum(b => (double)b * b));

    private static AttributeProto Float(string name, float value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    private static float[][] Run(ModelProto model, Dictionary<string, OrtValue> inputs)
    {
        using InferenceSession session = new(model.ToByteArray());
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, inputs, session.OutputNames);
        return [.. outputs.Select(output => output.GetTensorDataAsSpan<float>().ToArray())];
    }

    private ModelProto Quantize(string path, WeightOnlyOptions options)
    {
        string output = _folder.PathTo("out.onnx");
        WeightQuantizer.Quantize(path, output, options);
        return ModelFile.Load(output).Model;
    }
}
