using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;
using DataType = Quantization.Onnx.Protos.TensorProto.Types.DataType;

namespace Quantization.Onnx.Tests.Passes;

/// <summary>Quantized models made float again.</summary>
public sealed class DequantizationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("conv alone")]
    [InlineData("relu between")]
    [InlineData("residual")]
    [InlineData("max pool")]
    [InlineData("swish")]
    [InlineData("result read and returned")]
    [InlineData("shared weights")]
    [InlineData("depthwise")]
    [InlineData("transpose and matmul")]
    public void A_static_int8_model_computes_what_the_float_model_does_with_rounded_weights(string name)
    {
        string path = GraphCases.Make(name).Save(_folder.PathTo("model.onnx"));
        PtqResult quantized = PostTrainingQuantizer.Quantize(
            path, RandomTensors.Samples(4, GraphCases.ImageShape), _folder.PathTo("int8.onnx"), new PtqOptions { LatencyRuns = 0 });
        StaticInt8Recipe recipe = new(new PtqOptions());
        FloatModel model = FloatModel.Load(path, recipe, null);
        QuantizationPlan plan = new ActivationRanges(path, quantized.Calibration).Resolve(recipe.Plan(model, quantized.Calibration));
        ModelProto expected = RoundedWeights.Write(model, plan, new WeightRounding(path, new WeightRanges()));
        float[] x = RandomTensors.Normal(7, 192);

        DequantizationResult result = ModelDequantizer.Dequantize(quantized.OutputPath, _folder.PathTo("float.onnx"));

        float[][] outputs = ModelRun.Floats(Written(result), x, GraphCases.ImageShape);
        outputs.Should().BeEquivalentTo(ModelRun.Floats(expected, x, GraphCases.ImageShape), options => options.WithStrictOrdering());
        result.RestoredRelus.Should().Be(0);
        result.Activations.Should().BePositive();
        ThatNothingIsQuantized(result);
    }

    [Fact]
    public void Each_weight_is_its_code_minus_the_zero_point_times_the_scale()
    {
        string path = GraphCases.Make("flatten and gemms").Save(_folder.PathTo("model.onnx"));
        PtqResult quantized = PostTrainingQuantizer.Quantize(
            path, RandomTensors.Samples(4, GraphCases.ImageShape), _folder.PathTo("int8.onnx"), new PtqOptions { LatencyRuns = 0 });
        ModelProto int8 = ModelFile.Load(quantized.OutputPath).Model;

        DequantizationResult result = ModelDequantizer.Dequantize(quantized.OutputPath, _folder.PathTo("float.onnx"));

        Dictionary<string, TensorProto> constants = int8.Graph.Initializer.ToDictionary(tensor => tensor.Name),
            floats = Written(result).Graph.Initializer.ToDictionary(tensor => tensor.Name);
        NodeProto[] dequantized =
            [.. int8.Graph.Node.Where(node => node.OpType == "DequantizeLinear" && constants.ContainsKey(node.Input[0]))];
        dequantized.Should().HaveCountGreaterThan(2);
        foreach (NodeProto node in dequantized)
        {
            TensorProto codes = constants[node.Input[0]];
            float[] scales = constants[node.Input[1]].ReadFloats();
            int[] integers = codes.DataType == (int)DataType.Int8
                ? [.. MemoryMarshal.Cast<byte, sbyte>(codes.RawData.Span).ToArray()]
                : MemoryMarshal.Cast<byte, int>(codes.RawData.Span).ToArray();
            int inner = (int)codes.StrideOf((int)node.GetInt("axis", 1));
            floats[node.Output[0]].ReadFloats().Should().Equal(integers.Select((code, i) => code * scales[i / inner % scales.Length]));
        }

        result.Weights.Should().Be(dequantized.Length);
    }

    [Fact]
    public void A_subpixel_convolution_a_negated_Sub_and_constants_come_back()
    {
        string path = GraphCases.Image().Conv("x", "a", 3, 4).Constant("t", RandomTensors.Normal(3, 4 * 4 * 16, 0.3), 4, 4, 4, 4)
            .Node(
                "ConvTranspose",
                ["a", "t"],
                "u",
                ModelBuilder.Ints("kernel_shape", 4, 4),
                ModelBuilder.Ints("strides", 2, 2),
                ModelBuilder.Ints("pads", 1, 1, 1, 1)).Conv("u", "b", 4, 4).Conv("u", "c", 4, 4)
            .Node("Sub", ["b", "c"], "d").Constant("k", [3, 0.5f, -2, 1], 1, 4, 1, 1).Node("Mul", ["d", "k"], "e").Conv("e", "y", 4, 2)
            .Output("y", 1, 2, 16, 16).Save(_folder.PathTo("model.onnx"));
        PtqResult quantized = PostTrainingQuantizer.Quantize(
            path, RandomTensors.Samples(4, GraphCases.ImageShape), _folder.PathTo("int8.onnx"), new PtqOptions { LatencyRuns = 0 });
        StaticInt8Recipe recipe = new(new PtqOptions());
        FloatModel model = FloatModel.Load(path, recipe, null);
        ModelProto expected = RoundedWeights.Write(
            model, recipe.Plan(model, quantized.Calibration), new WeightRounding(path, new WeightRanges()));
        float[] x = RandomTensors.Normal(7, 192);

        DequantizationResult result = ModelDequantizer.Dequantize(quantized.OutputPath, _folder.PathTo("float.onnx"));

        quantized.QuantizedNodes.Should().HaveCount(7);
        Written(result).Graph.Node.Count(node => node.OpType == "Sub").Should().Be(1);
        Written(result).Graph.Node.Should().NotContain(node => node.OpType == "Neg");

        // The constant has 8 bits of its range, and the sums of the phases another order.
        Decibels.Sqnr(
            ModelRun.Floats(expected, x, GraphCases.ImageShape)[0], ModelRun.Floats(Written(result), x, GraphCases.ImageShape)[0]).Should()
            .BeGreaterThan(45);
        Decibels.Sqnr(
            ModelRun.Floats(expected, x, GraphCases.ImageShape)[0],
            ModelRun.Floats(ModelFile.Load(quantized.OutputPath).Model, x, GraphCases.ImageShape)[0]).Should()
            .BeLessThan(40);
        ThatNothingIsQuantized(result);
    }

    [Fact]
    public void A_weight_only_model_with_a_table_computes_the_same_bits()
    {
        const int Width = 64, Rows = 512;
        string path = new ModelBuilder().Input("x", 4, Width)
            .Constant("table", RandomTensors.Normal(1, Rows * Width), Rows, Width)
            .Constant("w", RandomTensors.Normal(2, Width * Width, 0.2), Width, Width)
            .Node("MatMul", ["x", "w"], "a")
            .Node("ReduceSum", ["a"], "s", ModelBuilder.Int("keepdims", 0))
            .Node("Cast", ["s"], "i", ModelBuilder.Int("to", 7))
            .Node("Sub", ["i", "i"], "zero").Node("Gather", ["table", "zero"], "e").Node("Add", ["a", "e"], "h")
            .Node("Transpose", ["table"], "t", ModelBuilder.Ints("perm", 1, 0)).Node("MatMul", ["h", "t"], "y").Output("y", 4, Rows)
            .Save(_folder.PathTo("model.onnx"));
        string int8 = new RecipeRunner(new PtqOptions { LatencyRuns = 0 }, null, CancellationToken.None)
            .Run(
                path,
                new WeightOnlyInt8Recipe(),
                _ => throw new InvalidOperationException("no sample is needed"),
                () => null,
                _folder.PathTo("int8.onnx")).OutputPath;
        float[] x = RandomTensors.Normal(5, 4 * Width);

        DequantizationResult result = ModelDequantizer.Dequantize(int8, _folder.PathTo("float.onnx"));

        ModelRun.Floats(Written(result), x, 4, Width)[0].Should().Equal(ModelRun.Floats(ModelFile.Load(int8).Model, x, 4, Width)[0]);
        result.Activations.Should().Be(0);
        ThatNothingIsQuantized(result);
    }

    [Theory]
    [InlineData("MatMulInteger")]
    [InlineData("ConvInteger")]
    [InlineData("DynamicQuantizeMatMul")]
    public void A_dynamically_quantized_product_is_a_product_with_the_float_weights(string form)
    {
        bool isConv = form == "ConvInteger";
        byte[] codes = [.. Enumerable.Range(0, 12).Select(i => (byte)((i * 53) % 256))];
        long[] shape = isConv ? [3, 4, 1, 1] : [4, 3], inputShape = isConv ? [1, 4, 2, 1] : [2, 4];
        float[] scales = [0.5f, 0.25f, 0.125f], bias = [1, 2, 3];
        ModelBuilder model = new ModelBuilder().Input("x", inputShape).Constant("s", isConv ? [0.5f] : scales, isConv ? [] : [3])
            .Constant("b", bias, isConv ? [3, 1, 1] : [3]);
        AddBytes(model, "w", codes, shape);
        AddBytes(model, "z", [100]);
        if (form == "DynamicQuantizeMatMul")
        {
            AddBytes(model, "zs", [100, 100, 100], 3);
            model.Node(form, ["x", "w", "s", "zs", "b"], "y");
            model.Graph.Node[0].Domain = "com.microsoft";
            model.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        }
        else
        {
            model.Node("DynamicQuantizeLinear", ["x"], "q").Node(form, ["q", "w", "xz", "z"], "i")
                .Node("Cast", ["i"], "f", ModelBuilder.Int("to", 1)).Node("Mul", ["xs", "s"], "m").Node("Mul", ["f", "m"], "p")
                .Node("Add", ["p", "b"], "y");
            model.Graph.Node[0].Output.Add(["xs", "xz"]);
        }

        model.Output("y", isConv ? [1, 3, 2, 1] : [2, 3]);
        float[] x = RandomTensors.Normal(6, 8);
        float[] weights = [.. codes.Select((code, i) => (code - 100) * (isConv ? 0.5f : scales[i % 3]))];
        ModelBuilder expected = new ModelBuilder().Input("x", inputShape).Constant("w", weights, shape)
            .Constant("b", bias, isConv ? [3, 1, 1] : [3]).Node(isConv ? "Conv" : "MatMul", ["x", "w"], "p").Node("Add", ["p", "b"], "y")
            .Output("y", isConv ? [1, 3, 2, 1] : [2, 3]);

        DequantizationResult result = ModelDequantizer.Dequantize(model.Save(_folder.PathTo("int8.onnx")), _folder.PathTo("float.onnx"));

        ModelRun.Floats(Written(result), x, inputShape)[0].Should().Equal(ModelRun.Floats(expected.Model, x, inputShape)[0]);
        Written(result).Graph.Node.Should().HaveCount(2);
        Decibels.Sqnr(ModelRun.Floats(expected.Model, x, inputShape)[0], ModelRun.Floats(model.Model, x, inputShape)[0]).Should()
            .BeGreaterThan(30, "the test's own model is well formed");
    }

    [Theory]
    [InlineData(4, false)]
    [InlineData(4, true)]
    [InlineData(8, true)]
    [InlineData(2, true)]
    public void A_matrix_of_blocks_is_what_ONNX_Runtime_multiplies_by(int bits, bool hasZeroPoints)
    {
        const int Rows = 40, Columns = 6, Block = 16, Blocks = 3;
        int bytes = Block * bits / 8, zeroBytes = ((Blocks * bits) + 7) / 8;
        ModelBuilder model = new ModelBuilder()
            .Input("x", Rows, Rows).Constant("s", [.. Enumerable.Range(1, Columns * Blocks).Select(i => i / 16f)], Columns * Blocks);
        AddBytes(
            model, "w", [.. Enumerable.Range(0, Columns * Blocks * bytes).Select(i => (byte)((i * 37) % 251))], Columns, Blocks, bytes);
        AddBytes(model, "z", [.. Enumerable.Range(0, Columns * zeroBytes).Select(i => (byte)((i * 29) + 3))], Columns * zeroBytes);
        model.Node(
            "MatMulNBits",
            hasZeroPoints ? ["x", "w", "s", "z"] : ["x", "w", "s"],
            "y",
            ModelBuilder.Int("K", Rows),
            ModelBuilder.Int("N", Columns),
            ModelBuilder.Int("bits", bits),
            ModelBuilder.Int("block_size", Block));
        model.Graph.Node[0].Domain = "com.microsoft";
        model.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        float[] unit = new float[Rows * Rows];
        for (int i = 0; i < Rows; i++)
        {
            unit[i * (Rows + 1)] = 1;
        }

        DequantizationResult result = ModelDequantizer.Dequantize(
            model.Output("y", Rows, Columns).Save(_folder.PathTo("int4.onnx")), _folder.PathTo("float.onnx"));

        // The product with the unit matrix is the matrix that ONNX Runtime sees.
        Written(result).Graph.Initializer.Single().ReadFloats().Should().Equal(ModelRun.Floats(model.Model, unit, Rows, Rows)[0]);
    }

    [Theory]
    [InlineData((int)DataType.Int8, 0)]
    [InlineData((int)DataType.Uint8, 1)]
    [InlineData(22, 0)]
    [InlineData(21, 1)]
    public void Blocks_along_any_axis_and_codes_of_4_bits_are_what_ONNX_Runtime_dequantizes(int type, int axis)
    {
        const int Side = 8;
        bool isPacked = type is 21 or 22;
        byte[] codes = [.. Enumerable.Range(0, isPacked ? Side * Side / 2 : Side * Side).Select(i => (byte)(i * 37))];
        long[] scaleShape = axis == 0 ? [2, Side] : [Side, 2];
        ModelBuilder model = new ModelBuilder(21)
            .Input("x", Side, Side).Constant("s", [.. Enumerable.Range(1, 2 * Side).Select(i => i / 8f)], scaleShape);
        model.Model.IrVersion = 10;
        Add("w", codes, Side, Side);
        Add("z", [.. Enumerable.Range(0, isPacked ? Side : 2 * Side).Select(i => (byte)(i * 19))], scaleShape);
        model.Node("DequantizeLinear", ["w", "s", "z"], "d", ModelBuilder.Int("axis", axis), ModelBuilder.Int("block_size", 4))
            .Node("MatMul", ["x", "d"], "y").Output("y", Side, Side);
        float[] unit = new float[Side * Side];
        for (int i = 0; i < Side; i++)
        {
            unit[i * (Side + 1)] = 1;
        }

        DequantizationResult result = ModelDequantizer.Dequantize(model.Save(_folder.PathTo("int8.onnx")), _folder.PathTo("float.onnx"));

        Written(result).Graph.Initializer.Single().ReadFloats().Should().Equal(ModelRun.Floats(model.Model, unit, Side, Side)[0]);

        void Add(string name, byte[] bytes, params long[] shape)
        {
            TensorProto tensor = TensorData.Make<byte>((DataType)type, bytes, shape);
            tensor.Name = name;
            model.Graph.Initializer.Add(tensor);
        }
    }

    [Theory]
    [InlineData("residual")]
    [InlineData("flatten and gemms")]
    [InlineData("swish")]
    public void Operators_on_codes_become_their_float_forms(string name)
    {
        string path = GraphCases.Make(name).Save(_folder.PathTo("model.onnx"));
        PtqResult quantized = PostTrainingQuantizer.Quantize(
            path, RandomTensors.Samples(4, GraphCases.ImageShape), _folder.PathTo("int8.onnx"), new PtqOptions { LatencyRuns = 0 });
        ModelProto fused = OptimizedGraph.Of(
            path, ModelFile.Load(quantized.OutputPath).Model, GraphOptimizationLevel.ORT_ENABLE_EXTENDED, null);
        fused.Graph.Node.Should().Contain(node => node.OpType == "QLinearConv").And.NotContain(node => node.OpType == "Conv");
        File.WriteAllBytes(_folder.PathTo("fused.onnx"), fused.ToByteArray());
        float[] x = RandomTensors.Normal(7, 192);

        DequantizationResult result = ModelDequantizer.Dequantize(_folder.PathTo("fused.onnx"), _folder.PathTo("float.onnx"));

        float[] expected = ModelRun.Floats(
            Written(ModelDequantizer.Dequantize(quantized.OutputPath, _folder.PathTo("qdq.onnx"))), x, GraphCases.ImageShape)[0];
        Decibels.Sqnr(expected, ModelRun.Floats(Written(result), x, GraphCases.ImageShape)[0]).Should()
            .BeGreaterThan(60, "biases are codes in one of them");
        ThatNothingIsQuantized(result);
    }

    [Fact]
    public void A_Relu_that_codes_stood_for_is_put_back()
    {
        ModelBuilder model = new ModelBuilder().Input("x", 1, 2).Constant("w", [1, 2, -3, 4], 2, 2).Node("MatMul", ["x", "w"], "p")
            .Constant("s", [0.125f]);
        AddBytes(model, "z", [0]);
        string path = model.Node("QuantizeLinear", ["p", "s", "z"], "q").Node("DequantizeLinear", ["q", "s", "z"], "y").Output("y", 1, 2)
            .Save(_folder.PathTo("int8.onnx"));

        DequantizationResult result = ModelDequantizer.Dequantize(path, _folder.PathTo("float.onnx"));

        ModelRun.Floats(Written(result), [1, 1], 1, 2)[0].Should().Equal(0, 6);
        result.RestoredRelus.Should().Be(1);
    }

    [Fact]
    public void The_float_model_can_be_quantized_again()
    {
        string path = GraphCases.Make("residual").Save(_folder.PathTo("model.onnx"));
        SampleList samples = RandomTensors.Samples(4, GraphCases.ImageShape);
        PtqOptions options = new() { LatencyRuns = 0 };
        PtqResult first = PostTrainingQuantizer.Quantize(path, samples, _folder.PathTo("int8.onnx"), options);

        DequantizationResult result = ModelDequantizer.Dequantize(first.OutputPath, _folder.PathTo("float.onnx"));
        PtqResult second = PostTrainingQuantizer.Quantize(result.OutputPath, samples, _folder.PathTo("again.onnx"), options);

        second.QuantizedNodes.Should().Equal(first.QuantizedNodes);
        second.Int8Operators.Should().Equal(first.Int8Operators);

        // The largest weight of each channel is a code's value, so the codes are the same again.
        Codes(second.OutputPath).Should().BeEquivalentTo(Codes(first.OutputPath));

        static IEnumerable<ByteString> Codes(string path) => ModelFile.Load(path)
            .Model.Graph.Initializer.Where(tensor => tensor.DataType == (int)DataType.Int8).Select(tensor => tensor.RawData);
    }

    [Fact]
    public void What_cannot_be_turned_back_is_said_and_nothing_is_written()
    {
        string output = _folder.PathTo("float.onnx");
        ModelBuilder loose = new ModelBuilder().Input("x", 1, 2).Constant("s", [0.125f]);
        AddBytes(loose, "z", [7]);
        loose.Node("QuantizeLinear", ["x", "s", "z"], "q").Node("Cast", ["q"], "y", ModelBuilder.Int("to", 1)).Output("y", 1, 2);

        Refusal(ModelBuilder.Linear()).Should()
            .Be("the model has no quantized operator and no weights as codes, so it is a float model already; give the quantized model.");
        Refusal(loose).Should().StartWith("node 'y-node' (Cast) cannot be turned back to floats: it computes with the codes 'q'");
        File.Exists(output).Should().BeFalse();
        string path = _folder.PathTo("model.onnx");
        ((Action)(() => ModelDequantizer.Dequantize(path, path))).Should()
            .Throw<ArgumentException>().WithMessage("*this is the quantized model itself*");

        string Refusal(ModelBuilder model)
        {
            string path = model.Save(_folder.PathTo("model.onnx"));
            return ((Action)(() => ModelDequantizer.Dequantize(path, output))).Should()
                .Throw<OnnxModelException>().Which.Message[(path.Length + 2)..];
        }
    }

    private static ModelProto Written(DequantizationResult result) => ModelFile.Load(result.OutputPath).Model;

    private static void ThatNothingIsQuantized(DequantizationResult result)
    {
        ModelProto model = Written(result);
        model.Graph.Node.Should().NotContain(node => node.OpType.Contains("Quantize") || node.OpType.Contains("Integer")
            || node.OpType.StartsWith("QLinear") || node.OpType == "QGemm");
        model.Graph.Initializer.Should().NotContain(tensor => tensor.DataType == (int)DataType.Int8
            || tensor.DataType == (int)DataType.Uint8
            || tensor.DataType == (int)DataType.Int32);
    }

    private static void AddBytes(ModelBuilder model, string name, byte[] codes, params long[] shape)
    {
        TensorProto tensor = TensorData.Make<byte>(DataType.Uint8, codes, shape);
        tensor.Name = name;
        model.Graph.Initializer.Add(tensor);
    }
}
