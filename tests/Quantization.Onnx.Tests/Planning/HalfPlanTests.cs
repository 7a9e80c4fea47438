using System.Text.Json.Nodes;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Planning;

/// <summary>Plans of half precision as files, and models in half precision from memory and to streams.</summary>
public sealed class HalfPlanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathTo("model.onnx");

    private string PlanPath => _folder.PathTo("plan.json");

    private string Output => _folder.PathTo("out.onnx");

    private static SampleList Samples => RandomTensors.Samples(4, GraphCases.ImageShape);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("residual", HalfFormat.Float16, false)]
    [InlineData("residual", HalfFormat.Float16, true)]
    [InlineData("flatten and gemms", HalfFormat.Float16, true)]
    [InlineData("flatten and gemms", HalfFormat.BFloat16, false)]
    [InlineData("shared weights", HalfFormat.BFloat16, false)]
    public void The_plan_of_a_run_gives_the_same_bytes(string name, HalfFormat format, bool hasHalfInterface)
    {
        GraphCases.Make(name).Save(ModelPath);
        HalfPrecisionOptions options = new() { Format = format, HasHalfInterface = hasHalfInterface, LatencyRuns = 0 };
        foreach (PtqResult run in (PtqResult[])
            [HalfPrecisionConverter.Convert(ModelPath, Output, options),
                HalfPrecisionConverter.Convert(ModelPath, Samples, Output, options)])
        {
            byte[] written = File.ReadAllBytes(Output);
            HalfPrecisionConverter.Convert(ModelPath, Samples, Output, options);
            run.Plan.Save(PlanPath);
            QuantizationPlan read = QuantizationPlan.Load(PlanPath);

            PtqResult again = PostTrainingQuantizer.Quantize(
                ModelPath, read, Output, null, new PtqOptions { LatencySample = Samples.First(), LatencyRuns = 1 });

            File.ReadAllBytes(Output).Should().Equal(written);
            read.Should().Be(run.Plan);
            read.Hash.Should().Be(run.Plan.Hash);
            read.Half.Should().Be(format);
            read.HasHalfInterface.Should().Be(hasHalfInterface);
            again.Plan.Should().Be(run.Plan);
            again.QuantizedNodes.Should().Equal(run.QuantizedNodes);
            again.FloatNodes.Should().BeEquivalentTo(run.FloatNodes);
            again.Warnings.Should().Contain(warning => warning.Code == AdviceCode.HalfGainsSizeOnly)
                .And.NotContain(warning => warning.Code == AdviceCode.HalfWithoutSamples);
            (again.Latency is null).Should().Be(hasHalfInterface, "the sample does not fit inputs of 16 bits");
        }
    }

    [Fact]
    public void The_schema_is_what_the_documentation_shows()
    {
        new ModelBuilder().Input("x", 2, 16).Constant("w", RandomTensors.Normal(1, 256), 16, 16).Constant("k", [1e9f])
            .Node("MatMul", ["x", "w"], "a").Node("Mul", ["a", "k"], "b").Constant("v", RandomTensors.Normal(2, 256), 16, 16)
            .Node("MatMul", ["b", "v"], "y").Output("y", 2, 16).Save(ModelPath);

        PtqResult result = HalfPrecisionConverter.Convert(ModelPath, Output, new HalfPrecisionOptions { HasHalfInterface = true });
        result.Plan.Save(PlanPath);

        File.ReadAllText(PlanPath).ReplaceLineEndings("\n").Should().Be($$"""
            {
              "version": 1,
              "recipe": "half-precision",
              "target": "onnxruntime-cpu",
              "modelSha256": "{{result.Calibration.ModelSha256}}",
              "passes": [
                "opset upgrade",
                "unused constants"
              ],
              "excludedNodes": [],
              "halfInterface": true,
              "nodes": [
                {
                  "node": "a-node",
                  "result": "a",
                  "halfInputs": [
                    {"input":0,"value":"x","format":"float16"},
                    {"input":1,"value":"w","format":"float16"}
                  ],
                  "halfResults": [
                    {"result":0,"value":"a","format":"float16"}
                  ]
                },
                {
                  "node": "y-node",
                  "result": "y",
                  "halfInputs": [
                    {"input":1,"value":"v","format":"float16","isStorage":true}
                  ]
                }
              ],
              "floatNodes": {
                "b-node": "its constant 1E+09 is too large for float16",
                "y-node": "its constant 1E+09 is too large for float16"
              }
            }
            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void A_node_that_is_taken_out_computes_in_32_bits()
    {
        JsonNode root = Plan();
        string node = (string)root["nodes"]![0]!["node"]!;
        root["nodes"]!.AsArray().RemoveAt(0);

        PtqResult result = Carry(root);

        result.QuantizedNodes.Should().NotContain(node).And.HaveCount(root["nodes"]!.AsArray().Count);
        HalfPrecisionConverter.Convert(
            ModelPath, _folder.PathTo("asked.onnx"), new HalfPrecisionOptions { FloatNodes = new HashSet<string> { node } });
        File.ReadAllBytes(Output).Should().Equal(File.ReadAllBytes(_folder.PathTo("asked.onnx")));
    }

    [Theory]
    [InlineData("format", "\"float8\"", "nodes[0].halfInputs[0].format is \"float8\"; known are bfloat16, float16.")]
    [InlineData("isStorage", "\"yes\"", "nodes[0].halfInputs[0].isStorage is \"yes\"; true or false belongs there.")]
    [InlineData("scale", "1", "nodes[0].halfInputs[0].scale: there is no such field; known are input, value, format, isStorage.")]
    [InlineData("input", "null", "nodes[0].halfInputs[0].input is null; it has to be there.")]
    public void A_wrong_change_is_named_with_its_place_and_the_way_out(string field, string value, string message)
    {
        JsonNode root = Plan();
        root["nodes"]![0]!["halfInputs"]![0]![field] = JsonNode.Parse(value);
        File.WriteAllText(PlanPath, root.ToJsonString());

        FluentActions.Invoking(() => QuantizationPlan.Load(PlanPath)).Should()
            .Throw<InvalidDataException>().WithMessage($"{PlanPath}: {message}");
    }

    [Theory]
    [InlineData("halfInputs", "input", "7", "The plan names input 7 of node *, but the node has *")]
    [InlineData("halfInputs", "value", "\"other\"", "The plan calls input 0 of node * 'other', but the model calls it *")]
    [InlineData(
        "halfInputs",
        "format",
        "\"bfloat16\"",
        "The plan gives bfloat16 to input 0 of node *, which computes in 16 bits; it does so in float16 alone*")]
    [InlineData("halfResults", "format", "\"bfloat16\"", "The plan gives bfloat16 to result 0 of node *, which computes in 16 bits; *")]
    [InlineData("halfInputs", "isStorage", "true", "The plan only stores input 0 of node *, which computes in 16 bits; *")]
    public void A_plan_that_does_not_fit_the_model_writes_nothing(string list, string field, string value, string message)
    {
        JsonNode root = Plan();
        root["nodes"]![0]![list]![0]![field] = JsonNode.Parse(value);

        FluentActions.Invoking(() => Carry(root)).Should().Throw<ArgumentException>().WithMessage(message);

        File.Exists(Output).Should().BeFalse();
    }

    [Fact]
    public void A_node_computes_in_16_bits_with_all_that_can_have_them_or_not_at_all()
    {
        JsonNode missing = Plan(), twice = Plan(), empty = Plan(), stored = Plan(), codes = Plan();
        missing["nodes"]![0]!["halfInputs"]!.AsArray().RemoveAt(1);
        twice["nodes"]![0]!["halfInputs"]!.AsArray().Add(twice["nodes"]![0]!["halfInputs"]![0]!.DeepClone());
        empty["nodes"]![0]!.AsObject().Remove("halfInputs");
        empty["nodes"]![0]!.AsObject().Remove("halfResults");
        stored["nodes"]![0]!.AsObject().Remove("halfResults");
        stored["nodes"]![0]!["halfInputs"]![0]!["isStorage"] = true;
        stored["nodes"]![0]!["halfInputs"]!.AsArray().RemoveAt(2);
        stored["nodes"]![0]!["halfInputs"]!.AsArray().RemoveAt(1);
        codes["nodes"]![0]!["inputs"] = JsonNode.Parse(
            """[{"input":0,"value":"x","type":"uint8","scheme":"affine","granularity":"per-tensor","scale":0.2,"zeroPoint":0}]""");

        ThatRefused(missing, "The plan gives 2 inputs of node * 16 bits, but it computes in them with input 0, 1, 2 or not at all; change "
            + "that, or take the node out.*");
        ThatRefused(twice, "The plan gives input 0 of node * 16 bits twice; leave one of them out.*");
        ThatRefused(empty, "The plan gives node * nothing in 16 bits; take the node out.*");
        ThatRefused(stored, "The plan stores input 0 of node * in 16 bits, but it is no constant weight; take it out.*");
        ThatRefused(codes, "The plan gives node * codes, but the recipe 'half-precision' makes only 16-bit floats; take *");
        void ThatRefused(JsonNode root, string message) =>
            FluentActions.Invoking(() => Carry(root)).Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public void Layers_are_compared_for_codes_alone()
    {
        GraphCases.Make("residual").Save(ModelPath);
        QuantizationPlan plan = HalfPrecisionConverter.Convert(ModelPath, Output).Plan;

        FluentActions.Invoking(() => LayerComparer.Compare(ModelPath, plan, Samples)).Should()
            .Throw<ArgumentException>().WithMessage("The plan is for 16-bit floats, but only layers on codes can be compared*");
    }

    [Fact]
    public async Task Models_from_memory_go_to_streams_without_blocking()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        byte[] model = File.ReadAllBytes(GraphCases.Make("residual").Save(ModelPath));
        HalfPrecisionOptions options = new() { LatencyRuns = 0 };
        HalfPrecisionConverter.Convert(ModelPath, Samples, Output, options);
        byte[] observed = File.ReadAllBytes(Output);
        HalfPrecisionConverter.Convert(ModelPath, Output, options);
        byte[] blind = File.ReadAllBytes(Output);
        PtqResult int8 = PostTrainingQuantizer.Quantize(
            ModelPath, Samples, _folder.PathTo("int8.onnx"), new PtqOptions { LatencyRuns = 0 });
        ModelDequantizer.Dequantize(int8.OutputPath, Output);
        byte[] restored = File.ReadAllBytes(Output);
        using MemoryStream first = new(), second = new(), third = new(), fourth = new(), fifth = new(), sixth = new();

        await HalfPrecisionConverter.ConvertAsync(
            OnnxModel.FromBytes(model), Samples, ModelOutput.ToStream(first), options, null, cancellation);
        await HalfPrecisionConverter.ConvertAsync(
            OnnxModel.FromBytes(model), Samples.ToAsyncEnumerable(), ModelOutput.ToStream(second), options, null, cancellation);
        PtqResult result = await HalfPrecisionConverter.ConvertAsync(
            OnnxModel.FromBytes(model), ModelOutput.ToStream(third, "half"), options, null, cancellation);
        HalfPrecisionConverter.Convert(OnnxModel.FromBytes(model), ModelOutput.ToStream(fourth), options, null, cancellation);
        await ModelDequantizer.DequantizeAsync(
            OnnxModel.FromBytes(File.ReadAllBytes(int8.OutputPath)), ModelOutput.ToStream(fifth), null, cancellation);
        DequantizationResult back = ModelDequantizer.Dequantize(
            OnnxModel.FromBytes(File.ReadAllBytes(int8.OutputPath)), ModelOutput.ToStream(sixth, "back"), null, cancellation);

        first.ToArray().Should().Equal(observed);
        second.ToArray().Should().Equal(observed);
        third.ToArray().Should().Equal(blind);
        fourth.ToArray().Should().Equal(blind);
        fifth.ToArray().Should().Equal(restored);
        sixth.ToArray().Should().Equal(restored);
        (result.OutputPath, result.OutputBytes).Should().Be(("half", third.Length));
        (back.OutputPath, back.OutputBytes).Should().Be(("back", sixth.Length));
    }

    private JsonNode Plan()
    {
        GraphCases.Make("residual").Save(ModelPath);
        HalfPrecisionConverter.Convert(ModelPath, Output).Plan.Save(PlanPath);
        File.Delete(Output);
        return JsonNode.Parse(File.ReadAllText(PlanPath))!;
    }

    private PtqResult Carry(JsonNode root)
    {
        File.WriteAllText(PlanPath, root.ToJsonString());
        return PostTrainingQuantizer.Quantize(ModelPath, QuantizationPlan.Load(PlanPath), Output);
    }
}
