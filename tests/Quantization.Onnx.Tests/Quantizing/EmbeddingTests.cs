using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>Tables that Gather looks rows up in.</summary>
public sealed class EmbeddingTests : IDisposable
{
    private const int Rows = 300, Width = 16;

    private static readonly float[] Table = EncoderModel.Table(3, Rows, Width);
    private static readonly long[] Ids = [0, 299, 7, 7, -1, 150, -300, 41];

    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathTo("model.onnx");

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(GranularityKind.PerChannel, 8, false, 0)]
    [InlineData(GranularityKind.PerChannel, 8, true, -2)]
    [InlineData(GranularityKind.PerChannel, 4, false, -2)]
    [InlineData(GranularityKind.PerTensor, 8, false, 0)]
    [InlineData(GranularityKind.PerTensor, 8, true, 0)]
    public void Rows_are_bit_for_bit_what_ONNX_Runtime_dequantizes_of_the_whole_table(
        GranularityKind granularity, int bits, bool shortIds, int axis)
    {
        ModelBuilder model = Lookup(shortIds).Node("Gather", ["table", "ids"], "y", ModelBuilder.Int("axis", axis));

        PtqResult result = Quantize(
            model, new PtqOptions { WeightGranularity = granularity, WeightFormat = CodeFormat.Signed(bits) }, shortIds);

        result.QuantizedNodes.Should().Equal("y-node");
        GraphProto written = ModelFile.Load(Output).Model.Graph;
        written.Initializer.Sum(tensor => tensor.RawData.Length).Should()
            .Be(Table.Length + sizeof(float) * (granularity == GranularityKind.PerChannel ? Rows : 1));
        sbyte[] codes = (sbyte[])(Array)written.Initializer.Single(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Int8)
            .RawData.ToByteArray();
        codes.Chunk(granularity == GranularityKind.PerChannel ? Width : codes.Length)
            .Select(row => row.Max(code => Math.Abs((int)code))).Should().AllBeEquivalentTo((1 << (bits - 1)) - 1);
        float[] dequantized = QuantizeAndDequantize(written.Initializer.Single(tensor => tensor.IsFloat()).ReadFloats());
        float[] expected = [.. Ids.SelectMany(id => dequantized.AsSpan((int)(id < 0 ? id + Rows : id) * Width, Width).ToArray())];
        foreach (GraphOptimizationLevel level in new[] { GraphOptimizationLevel.ORT_DISABLE_ALL, GraphOptimizationLevel.ORT_ENABLE_ALL })
        {
            Bits(Run(Output, level, shortIds)).Should().Equal(Bits(expected), level.ToString());
        }
    }

    /// <summary>
    /// An error is half a step at most, and as good as evenly distributed below that, so that its mean square is a twelfth of a step's.
    /// </summary>
    [Fact]
    public void The_noise_is_that_of_a_step_for_each_row()
    {
        Quantize(Lookup().Node("Gather", ["table", "ids"], "y"));

        float[] scales = ModelFile.Load(Output).Model.Graph.Initializer.Single(tensor => tensor.IsFloat()).ReadFloats();
        float[] actual = QuantizeAndDequantize(scales);
        double noise = 0;
        for (int i = 0; i < Table.Length; i++)
        {
            double scale = scales[i / Width];
            Math.Abs((double)Table[i] - actual[i]).Should().BeLessThanOrEqualTo(scale / 2 * (1 + 1e-6));
            noise += scale * scale / 12;
        }

        Decibels.Sqnr(Table, actual).Should()
            .BeApproximately(10 * Math.Log10(Table.Sum(value => (double)value * value) / noise), 0.5).And.BeGreaterThan(38);
    }

    [Fact]
    public void A_table_in_a_Constant_node_is_quantized()
    {
        ModelBuilder model = Lookup();
        TensorProto table = model.Graph.Initializer.Single();
        model.Graph.Initializer.Clear();
        model.Node(
            "Constant", [], table.Name, new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = table })
            .Node("Gather", ["table", "ids"], "y");

        Quantize(model).OutputBytes.Should().BeLessThan(Table.Length * 2);

        Decibels.Sqnr(Expected(), Run(Output)).Should().BeGreaterThan(38);
    }

    [Fact]
    public void A_table_of_16_bit_floats_is_quantized()
    {
        ModelBuilder model = Lookup().Node("Gather", ["table", "ids"], "rows");
        HalfModel.Narrow(model.Graph.Initializer.Single());
        model.Cast("rows", "y", TensorProto.Types.DataType.Float);

        Quantize(model).OutputBytes.Should().BeLessThan(Table.Length * 3 / 2);

        Decibels.Sqnr(Expected(), Run(Output)).Should().BeGreaterThan(38);
    }

    [Theory]
    [InlineData("columns")]
    [InlineData("constant indices")]
    [InlineData("narrow")]
    [InlineData("small")]
    [InlineData("three axes")]
    public void What_is_no_table_of_embeddings_stays_as_it_was(string name)
    {
        ModelBuilder model = new ModelBuilder().Ids().Output("y");
        model.Graph.Output[0].Type.TensorType.Shape = null;
        model = name switch
        {
            "columns" => model.Constant("table", Table, Width, Rows).Node("Gather", ["table", "ids"], "y", ModelBuilder.Int("axis", 1)),
            "constant indices" => model.Constant("table", Table, Rows, Width).Integers("some", 3, 4)
                .Node("Gather", ["table", "some"], "rows").Cast("ids", "n", TensorProto.Types.DataType.Float)
                .Integers("axes", 0, 1).Node("ReduceSum", ["n", "axes"], "sum").Node("Add", ["rows", "sum"], "y"),
            "narrow" => model.Constant("table", Table, Rows * 4, 4).Node("Gather", ["table", "ids"], "y"),
            "small" => model.Constant("table", Table[..4080], 255, Width).Node("Gather", ["table", "ids"], "y"),
            _ => model.Constant("table", Table, Rows, 2, 8).Node("Gather", ["table", "ids"], "y"),
        };

        PtqResult result = Quantize(model);

        result.QuantizedNodes.Should().BeEmpty();
        result.FloatNodes.Should().BeEmpty();
        File.ReadAllBytes(Output).Should().Equal(File.ReadAllBytes(ModelPath));
    }

    [Theory]
    [InlineData("read in float", "its table is read in float too, and would be stored twice")]
    [InlineData("given out", "its table is read in float too, and would be stored twice")]
    [InlineData("kept", "kept in float as asked")]
    [InlineData("another runtime", "the runtimes that compile the graph share no form for tables of codes")]
    public void A_table_that_stays_in_float_has_its_reason(string name, string reason)
    {
        ModelBuilder model = Lookup().Node("Gather", ["table", "ids"], "y");
        PtqOptions options = name switch
        {
            "kept" => new PtqOptions { FloatNodes = new HashSet<string> { "y-node" } },
            "another runtime" => new PtqOptions { Runtime = TargetRuntime.OpenVino },
            _ => new PtqOptions(),
        };
        if (name == "read in float")
        {
            model.Input("x", 1).Node("Add", ["table", "x"], "z").Output("z", Rows, Width);
        }
        else if (name == "given out")
        {
            model.Output("table", Rows, Width);
        }

        PtqResult result = Quantize(model, options);

        result.FloatNodes.Should().Equal(new Dictionary<string, string> { ["y-node"] = reason });
        File.ReadAllBytes(Output).Should().Equal(File.ReadAllBytes(ModelPath));
    }

    /// <summary>Two lookups, and the output's weights, which are the table: its codes are stored once.</summary>
    [Fact]
    public void A_table_of_several_readers_is_stored_once()
    {
        ModelBuilder model = Lookup().Integers("two", 2).Node("Gather", ["table", "ids"], "a").Node("Mod", ["ids", "two"], "less")
            .Node("Gather", ["table", "less"], "b").Node("Add", ["a", "b"], "c")
            .Integers("rows", -1, Width)
            .Node("Reshape", ["c", "rows"], "d")
            .Node("Gemm", ["d", "table"], "y", ModelBuilder.Int("transB", 1));

        PtqResult result = Quantize(model);

        result.QuantizedNodes.Should().Equal("a-node", "b-node", "y-node");
        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["QGemm"] = 1 });
        LargeTensors().Should().Be(1);
        Decibels.Sqnr(Run(ModelPath), Run(Output)).Should().BeGreaterThan(30);
    }

    /// <summary>The output's weights are the table's transpose, which exporters write as a node or store beside the table.</summary>
    [Theory]
    [InlineData(true, GranularityKind.PerChannel)]
    [InlineData(false, GranularityKind.PerChannel)]
    [InlineData(false, GranularityKind.PerTensor)]
    public void A_table_that_the_output_multiplies_by_is_stored_once(bool isNode, GranularityKind granularity)
    {
        ModelBuilder model = WithTransposedOutput(isNode);

        PtqResult result = Quantize(model, new PtqOptions { WeightGranularity = granularity });

        result.QuantizedNodes.Should().Equal("a-node", "y-node");
        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["MatMulIntegerToFloat"] = 1 });
        result.ConversionReasons.Should().ContainSingle().Which.Should().StartWith("to codes: 'a' is made in float by");
        LargeTensors().Should().Be(1);
        Decibels.Sqnr(Run(ModelPath), Run(Output)).Should().BeGreaterThan(granularity == GranularityKind.PerChannel ? 30 : 20);
    }

    [Theory]
    [InlineData("a-node")]
    [InlineData("y-node")]
    public void What_is_quantized_in_two_ways_is_stored_twice(string inFloat)
    {
        Quantize(WithTransposedOutput(isNode: false), new PtqOptions
        {
            OwnWeights = new Dictionary<string, WeightOptions> { ["y-node"] = new() { Granularity = GranularityKind.PerTensor } }
        });
        LargeTensors().Should().Be(2);

        Quantize(WithTransposedOutput(isNode: false), new PtqOptions { FloatNodes = new HashSet<string> { inFloat } })
            .FloatNodes.Keys.Should().Equal(inFloat);
        LargeTensors().Should().Be(2);
        Decibels.Sqnr(Run(ModelPath), Run(Output)).Should().BeGreaterThan(30);
    }

    [Fact]
    public void A_table_alone_needs_no_ranges_and_makes_only_the_file_smaller()
    {
        ModelBuilder model = Lookup().Node("Gather", ["table", "ids"], "rows").Node("Sqrt", ["rows"], "y");

        PtqResult result = Quantize(model);

        result.Activations.Should().BeEmpty();
        result.ConversionReasons.Should().BeEmpty();
        result.OutputBytes.Should().BeLessThan(result.ModelBytes * 35 / 100);
        result.Warnings.Should().Contain(warning => warning.Code == AdviceCode.OnlyTablesQuantized);
        result.Calibration.Save(_folder.PathTo("state.qcal"));
        PostTrainingQuantizer.Quantize(ModelPath, ModelCalibration.Load(_folder.PathTo("state.qcal")), _folder.PathTo("again.onnx"));
        File.ReadAllBytes(_folder.PathTo("again.onnx")).Should().Equal(File.ReadAllBytes(Output));
    }

    /// <summary>
    /// Looked up rows are floats: who reads them in float reads no codes of an activation's range, even where a product makes such of them.
    /// </summary>
    [Fact]
    public void Rows_become_codes_of_an_activation_where_a_product_reads_them_alone()
    {
        ModelBuilder model = Lookup().Constant("w", RandomTensors.Normal(4, Width * Width, 0.25), Width, Width)
            .Node("Gather", ["table", "ids"], "rows").Node("MatMul", ["rows", "w"], "p").Node("Add", ["rows", "p"], "y");

        PtqResult result = Quantize(model);

        result.QuantizedNodes.Should().Equal("rows-node", "p-node");
        result.Activations.Keys.Should().Equal("rows");
        result.ConversionReasons.Should().ContainSingle().Which.Should().StartWith("to codes: 'rows' is made in float by");
        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["MatMulIntegerToFloat"] = 1 });
        GraphIndex written = new(ModelFile.Load(Output).Model.Graph);
        written.FindProducer(written.FindProducer("y")!.Input[0])!.OpType.Should().Be("Mul");
    }

    [Fact]
    public void NaN_in_a_table_names_it()
    {
        float[] values = [.. Table];
        values[77] = float.NaN;

        FluentActions.Invoking(() => Quantize(Lookup(table: values).Node("Gather", ["table", "ids"], "y"))).Should()
            .Throw<OnnxModelException>()
            .WithMessage($"{ModelPath}: weight 'table' of node 'y-node' (Gather) holds NaN or infinity; repair the model, or leave the "
                + "node in float (PtqOptions.FloatNodes).");
    }

    private static ModelBuilder Lookup(bool shortIds = false, float[]? table = null)
    {
        ModelBuilder model = new ModelBuilder().Ids(shortIds ? TensorProto.Types.DataType.Int32 : TensorProto.Types.DataType.Int64)
            .Output("y").Constant("table", table ?? Table, Rows, Width);
        model.Graph.Output[0].Type.TensorType.Shape = null;
        return model;
    }

    private static ModelBuilder WithTransposedOutput(bool isNode)
    {
        ModelBuilder model = Lookup().Node("Gather", ["table", "ids"], "a");
        if (isNode)
        {
            model.Node("Transpose", ["table"], "turned", ModelBuilder.Ints("perm", 1, 0));
        }
        else
        {
            model.Constant(
                "turned", [.. Enumerable.Range(0, Table.Length).Select(i => Table[(i % Rows * Width) + (i / Rows)])], Width, Rows);
        }

        return model.Node("MatMul", ["a", "turned"], "y");
    }

    /// <summary>How many tensors as large as the table the result stores.</summary>
    private int LargeTensors() => ModelFile.Load(Output).Model.Graph.Initializer.Count(tensor => tensor.RawData.Length >= Table.Length);

    private static float[] Expected() => [.. Ids.SelectMany(id => Table.AsSpan((int)(id < 0 ? id + Rows : id) * Width, Width).ToArray())];

    private PtqResult Quantize(ModelBuilder model, PtqOptions? options = null, bool shortIds = false)
    {
        SampleTensor ids = shortIds
            ? SampleTensor.Create<int>("ids", [.. Ids.Select(id => (int)id)], 1, Ids.Length)
            : SampleTensor.Create<long>("ids", Ids, 1, Ids.Length);
        List<SampleTensor> inputs = [ids];
        if (model.Graph.Input.Count > 1)
        {
            inputs.Add(SampleTensor.Create<float>("x", [1], 1));
        }

        return PostTrainingQuantizer.Quantize(
            model.Save(ModelPath), new SampleList([new ModelSample("sample", [.. inputs])]), Output, options);
    }

    /// <summary>The whole table through ONNX Runtime's own operators.</summary>
    private static float[] QuantizeAndDequantize(float[] scales)
    {
        long[] shape = scales.Length == 1 ? [] : [scales.Length];
        ModelBuilder model = new ModelBuilder().Input("x", Rows, Width).Output("y", Rows, Width).Constant("scales", scales, shape);
        TensorProto zeroPoints = TensorData.Make<byte>(TensorProto.Types.DataType.Int8, new byte[scales.Length], shape);
        zeroPoints.Name = "zero-points";
        model.Graph.Initializer.Add(zeroPoints);
        model.Node("QuantizeLinear", ["x", "scales", "zero-points"], "q", ModelBuilder.Int("axis", 0))
            .Node("DequantizeLinear", ["q", "scales", "zero-points"], "y", ModelBuilder.Int("axis", 0));
        return ModelRun.Floats(model.Model, Table, Rows, Width)[0];
    }

    private static float[] Run(string path, GraphOptimizationLevel level = GraphOptimizationLevel.ORT_ENABLE_ALL, bool shortIds = false)
    {
        using SessionOptions options = new() { GraphOptimizationLevel = level };
        using InferenceSession session = new(path, options);
        using OrtValue ids = shortIds
            ? OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(Ids, id => (int)id), [1, Ids.Length])
            : OrtValue.CreateTensorValueFromMemory(Ids, [1, Ids.Length]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, new Dictionary<string, OrtValue> { ["ids"] = ids }, ["y"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);
}
