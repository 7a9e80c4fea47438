namespace Quantization.Onnx.Tests.Planning;

/// <summary>Ranges that are found at run time, in plans and their files.</summary>
public sealed class DynamicPlanTests : IDisposable
{
    private const int Rows = 4, Width = 32;

    private readonly TemporaryFolder _folder = new();
    private readonly float[] _x = RandomTensors.Normal(5, Rows * Width);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_plan_comes_back_from_its_file_and_gives_the_same_model()
    {
        string path = Save();
        PtqResult result = DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx"));
        result.Plan.Save(_folder.PathTo("plan.json"));

        QuantizationPlan plan = QuantizationPlan.Load(_folder.PathTo("plan.json"));

        plan.Should().Be(result.Plan);
        plan.Recipe.Should().Be("dynamic-int8");
        plan.NeedsCalibration.Should().BeFalse();
        plan.Nodes[0].InputAt(0)!.Range.Should().Be(new DynamicRange());
        PtqResult again = PostTrainingQuantizer.Quantize(path, plan, _folder.PathTo("again.onnx"));
        File.ReadAllBytes(again.OutputPath).Should().Equal(File.ReadAllBytes(result.OutputPath));
    }

    [Fact]
    public void One_model_can_have_static_dynamic_and_weight_only_layers()
    {
        string path = Save();
        SampleList samples = new([new ModelSample("one", SampleTensor.Create<float>("x", _x, Rows, Width))]);
        QuantizationPlan plan =
            PostTrainingQuantizer.Quantize(path, samples, _folder.PathTo("static.onnx"), new PtqOptions { LatencyRuns = 0 }).Plan;
        TensorEncoding dynamic = new(CodeFormat.UInt8, QuantizationScheme.Affine, GranularityKind.PerTensor, new DynamicRange());
        NodePlan[] nodes = [.. plan.Nodes.Select(node => node.Node switch
        {
            "a-node" => node,
            "b-node" => node with { Inputs = [new ValueEncoding(0, "t", dynamic)], Results = [] },
            _ => node with { Inputs = [], Results = [] },
        })];

        PtqResult mixed = PostTrainingQuantizer.Quantize(path, plan with { Nodes = [.. nodes] }, _folder.PathTo("mixed.onnx"));

        mixed.Int8Operators.Keys.Should().BeEquivalentTo(["MatMulIntegerToFloat", "DynamicQuantizeMatMul", "MatMulNBits"]);
        float[] expected = ModelRun.Floats(ModelFile.Load(path).Model, _x, Rows, Width)[0];
        Decibels.Sqnr(expected, ModelRun.Floats(ModelFile.Load(mixed.OutputPath).Model, _x, Rows, Width)[0]).Should().BeGreaterThan(30);
    }

    [Fact]
    public void A_dynamic_range_where_none_can_be_is_refused()
    {
        string path = Save();
        QuantizationPlan plan = DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx")).Plan;
        NodePlan first = plan.Nodes[0];
        ValueEncoding input = first.Inputs[0];

        Refuse(
            first with { Weights = null }, "finds the range of input 0 of node 'a-node' at run time, which only a layer with int8 weights");
        Refuse(
            first with { Weights = first.Weights! with { Range = new DynamicRange() } },
            "leaves open how the range of the weights of node 'a-node' is found");
        Refuse(
            first with { Results = [new ValueEncoding(0, "a", input.Encoding)] },
            "finds the range of result 0 of node 'a-node' at run time, which only inputs can");
        Refuse(
            first with { Inputs = [input with { Encoding = input.Encoding with { Format = CodeFormat.Int8 } }] },
            "a range that is found at run time has all codes of uint8 and the affine scheme");

        void Refuse(NodePlan changed, string message) => FluentActions
            .Invoking(() => PostTrainingQuantizer.Quantize(
                path, plan with { Nodes = plan.Nodes.SetItem(0, changed) }, _folder.PathTo("no.onnx"))).Should()
            .Throw<ArgumentException>().WithMessage($"*{message}*");
    }

    [Fact]
    public void A_file_that_names_another_range_is_refused()
    {
        string path = Save(), plan = _folder.PathTo("plan.json");
        DynamicQuantizer.Quantize(path, _folder.PathTo("out.onnx")).Plan.Save(plan);
        File.WriteAllText(plan, File.ReadAllText(plan).Replace("\"range\":\"dynamic\"", "\"range\":\"static\"", StringComparison.Ordinal));

        FluentActions.Invoking(() => QuantizationPlan.Load(plan)).Should().Throw<InvalidDataException>()
            .WithMessage($"{plan}: nodes[0].inputs[0].range is \"static\"; known are dynamic.");
    }

    private string Save() => new ModelBuilder().Input("x", Rows, Width)
        .Constant("wa", RandomTensors.Normal(1, Width * Width, 0.2), Width, Width)
        .Constant("wb", RandomTensors.Normal(2, Width * Width, 0.2), Width, Width)
        .Constant("wc", RandomTensors.Normal(3, Width * Width, 0.2), Width, Width)
        .Node("MatMul", ["x", "wa"], "a").Node("Tanh", ["a"], "t").Node("MatMul", ["t", "wb"], "b").Node("Tanh", ["b"], "u")
        .Node("MatMul", ["u", "wc"], "y").Output("y", Rows, Width)
        .Save(_folder.PathTo("model.onnx"));
}
