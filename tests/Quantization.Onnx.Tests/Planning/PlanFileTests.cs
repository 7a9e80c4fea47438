using System.Text.Json.Nodes;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Planning;

/// <summary>Plans as files: written, read, changed by hand, carried out.</summary>
public sealed class PlanFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathTo("model.onnx");

    private string PlanPath => _folder.PathTo("plan.json");

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("residual", TargetRuntime.OnnxRuntimeCpu)]
    [InlineData("swish", TargetRuntime.OnnxRuntimeCpu)]
    [InlineData("flatten and gemms", TargetRuntime.OnnxRuntimeCpu)]
    [InlineData("max pool", TargetRuntime.OpenVino)]
    [InlineData("residual", TargetRuntime.TensorRT)]
    public void The_plan_of_a_run_gives_the_same_bytes(string name, TargetRuntime runtime)
    {
        GraphCases.Make(name).Save(ModelPath);
        foreach (PtqOptions options in (PtqOptions[])
        [
            new() { Runtime = runtime, LatencyRuns = 0 },
            new()
            {
                Runtime = runtime,
                LatencyRuns = 0,
                ActivationCalibrator = new EntropyCalibrator(),
                WeightCalibrator = new PercentileCalibrator(99.5),
                WeightGranularity = GranularityKind.PerTensor
            },
            new() { Runtime = runtime, LatencyRuns = 0, ActivationScheme =
                QuantizationScheme.Symmetric, WeightFormat = CodeFormat.Signed(5), WeightCalibrator = new MyCalibrator() },
        ])
        {
            PtqResult run = PostTrainingQuantizer.Quantize(ModelPath, RandomTensors.Samples(8, GraphCases.ImageShape), Output, options);
            byte[] written = File.ReadAllBytes(Output);
            run.Plan.Save(PlanPath);
            QuantizationPlan read = QuantizationPlan.Load(PlanPath);

            PtqResult again = PostTrainingQuantizer.Quantize(ModelPath, read, Output);

            File.ReadAllBytes(Output).Should().Equal(written);
            read.Should().Be(run.Plan);
            read.Hash.Should().Be(run.Plan.Hash);
            again.Plan.Should().Be(run.Plan);
            again.QuantizedNodes.Should().Equal(run.QuantizedNodes);
            again.FloatNodes.Should().BeEquivalentTo(run.FloatNodes);
            again.Runtime.Should().Be(runtime);
        }
    }

    [Fact]
    public void A_plan_that_leaves_ranges_to_calibrators_takes_a_calibration()
    {
        GraphCases.Make("residual").Save(ModelPath);
        PtqOptions options = new() { LatencyRuns = 0, ActivationCalibrator = new MseCalibrator() };
        ModelCalibration calibration = ModelCalibrator.Calibrate(ModelPath, RandomTensors.Samples(8, GraphCases.ImageShape));
        PostTrainingQuantizer.Quantize(ModelPath, calibration, Output, options);
        byte[] written = File.ReadAllBytes(Output);
        QuantizationPlan plan = PostTrainingQuantizer.Plan(ModelPath, calibration, options);
        plan.NeedsCalibration.Should().BeTrue();
        plan.Save(PlanPath);

        QuantizationPlan.Load(PlanPath).Should().Be(plan);
        PostTrainingQuantizer.Quantize(ModelPath, QuantizationPlan.Load(PlanPath), Output, calibration);

        File.ReadAllBytes(Output).Should().Equal(written);
        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(ModelPath, plan, Output)).Should().Throw<ArgumentException>()
            .WithMessage("The plan leaves the range of * to calibrator MSE; give a calibration, or scale and zeroPoint.*");
    }

    [Fact]
    public void A_change_by_hand_is_carried_out()
    {
        QuantizationPlan plan = Plan();
        NodePlan first = plan.Nodes.First(node => node.Weights is not null && node.Inputs.Length > 0);

        PtqResult changed = Carry(root => Node(root, first)["inputs"]![0]!["scale"] = 0.125);

        changed.Plan.Nodes.Single(node => node.Result == first.Result).Inputs[0].Encoding.Range.Should()
            .Be(new FixedParameters(0.125f, ((FixedParameters)first.Inputs[0].Encoding.Range).ZeroPoint));
        Carry(root => Node(root, first).Remove("weights")).Plan.Nodes.Single(node => node.Result == first.Result).Weights.Should().BeNull();
        Carry(root => root["nodes"]!.AsArray().Remove(Node(root, first))).QuantizedNodes.Should()
            .Equal(plan.Nodes.Select(node => node.Node).Where(node => node != first.Node));
    }

    [Fact]
    public void The_schema_is_what_the_documentation_shows()
    {
        new ModelBuilder().Input("x", 4, 2).Constant("w", [1, 2, -127, 4], 2, 2).Node("MatMul", ["x", "w"], "y").Output("y", 4, 2)
            .Save(ModelPath);
        SampleList samples = new([new ModelSample("s", SampleTensor.Create<float>("x", [0, 1, 2, 3, 51, 5, 6, 7], 4, 2))]);

        PtqResult result = PostTrainingQuantizer.Quantize(ModelPath, samples, Output, new PtqOptions { LatencyRuns = 0 });
        result.Plan.Save(PlanPath);

        File.ReadAllText(PlanPath).ReplaceLineEndings("\n").Should().Be($$"""
            {
              "version": 1,
              "recipe": "static-int8",
              "target": "onnxruntime-cpu",
              "modelSha256": "{{result.Calibration.ModelSha256}}",
              "passes": [
                "opset upgrade",
                "hard-sigmoid form",
                "affine folding",
                "linear pairs",
                "unused constants"
              ],
              "excludedNodes": [],
              "nodes": [
                {
                  "node": "y-node",
                  "result": "y",
                  "weights": {"type":"int8","codes":[-127,127],"scheme":"symmetric","granularity":"per-channel","calibrator":"Max"},
                  "inputs": [
                    {"input":0,"value":"x","type":"uint8","scheme":"affine","granularity":"per-tensor","scale":0.2,"zeroPoint":0}
                  ]
                }
              ],
              "floatNodes": {}
            }
            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Text_that_is_not_UTF8()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathTo("plan.json");
        string model = ModelBuilder.Linear().Save(folder.PathTo("model.onnx"));
        PostTrainingQuantizer.Quantize(model, ModelBuilder.LinearSamples(), folder.PathTo("out.onnx")).Plan.Save(path);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.AsSpan().IndexOf("y-node"u8)] = 0xff;
        File.WriteAllBytes(path, bytes);

        FluentActions.Invoking(() => QuantizationPlan.Load(path)).Should().Throw<InvalidDataException>()
            .WithMessage($"{path}: a text in the file is not UTF-8; save it as UTF-8, or write the plan again.");
    }

    private const string DynamicEncoding =
        "{\"type\":\"uint8\",\"scheme\":\"affine\",\"granularity\":\"per-tensor\",\"range\":\"dynamic\"}";

    private const string NoDynamicRange =
        "range is \"dynamic\"; only values that are computed have such a range; give a calibrator or scales.";

    public static TheoryData<string, string, string> WrongFiles => new()
    {
        { "", "not json", "the file is no JSON, line 1, byte 2; repair it, or write the plan again." },
        { "", "[1]", "the file is [1]; an object {…} belongs there." },
        { "version", "3", "version is 3; this library reads version 1 and 2*" },
        { "version", "\"1\"", "version is \"1\"; a whole number belongs there." },
        { "recipe", "", "recipe is missing; it has to be there." },
        { "nodes", "3", "nodes is 3; a list […] belongs there." },
        { "nodes[0].inputs[0].scale", "-0.5", "nodes[0].inputs[0].scale is -0.5; scales are positive and finite." },
        { "nodes[0].inputs[0].scale", "1e60", "nodes[0].inputs[0].scale is 1e60; *" },
        { "nodes[0].inputs[0].zeroPoint", "256", "nodes[0].inputs[0].zeroPoint is 256; zero-points are codes, from 0 to 255." },
        { "nodes[0].inputs[0].scale", "0", "nodes[0].inputs[0].scale is 0; scales are positive and finite." },
        { "nodes[0].inputs[0].zeroPoint", "-1", "nodes[0].inputs[0].zeroPoint is -1; zero-points are codes, from 0 to 255." },
        { "nodes[0].roundingOffsets", "\"Ag==\"", "nodes[0].roundingOffsets is \"Ag==\"; it is base64 of two bits for each weight, *" },
        { "nodes[0].roundingOffsets", "\"?\"", "nodes[0].roundingOffsets is \"?\"; it is base64 of two bits for each weight, *" },
        { "nodes[0].constant", DynamicEncoding, $"nodes[0].constant.{NoDynamicRange}" },
        { "nodes[0].weights", DynamicEncoding, $"nodes[0].weights.{NoDynamicRange}" },
        { "nodes[0].inputs[0].type", "\"int7\"", "nodes[0].inputs[0].type is \"int7\"; known are int16, int32, int4, int8, *" },
        {
        "nodes[0].inputs[0].scales",
        "[1]",
        "nodes[0].inputs[0].scales is [1]; give one of scale (with zeroPoint), scales, calibrator and range."
        },
        {
        "nodes[0].weights.calibrator",
        "\"Best\"",
        "nodes[0].weights.calibrator is \"Best\"; the file can name Max, Entropy, MSE, and Percentile*"
        },
        { "nodes[0].weights.codes", "[-129, 127]", "nodes[0].weights.codes is [-129, 127]; Int8 stores codes from -128 to 127*" },
        { "nodes[0].weights.grain", "3", "nodes[0].weights.grain: there is no such field; known are type, codes, scheme, granularity, *" },
    };

    [Theory]
    [MemberData(nameof(WrongFiles))]
    public void A_wrong_change_is_named_with_its_place_and_the_way_out(string place, string value, string message)
    {
        Plan().Save(PlanPath);
        JsonNode root = JsonNode.Parse(File.ReadAllText(PlanPath))!;
        string text = value;
        if (place.Length > 0)
        {
            Set(root, place, value.Length == 0 ? null : JsonNode.Parse(value));
            text = root.ToJsonString()
                .Replace("1E+60", "1e60", StringComparison.Ordinal).Replace("[-129,127]", "[-129, 127]", StringComparison.Ordinal);
        }

        File.WriteAllText(PlanPath, text);

        FluentActions.Invoking(() => QuantizationPlan.Load(PlanPath)).Should()
            .Throw<InvalidDataException>().WithMessage($"{PlanPath}: {message}");
    }

    public static TheoryData<string, string, string> WrongPlans => new()
    {
        { "target", "\"gpu\"", "The plan is for the target 'gpu'; known are onnxruntime-cpu, openvino, qnn, tensorrt.*" },
        { "recipe", "\"magic\"", "The plan is of the recipe 'magic'; known are static-int8, weight-only-int8, weight-only-blocks, "
            + "dynamic-int8, half-precision.*" },
        {
        "modelSha256",
        "\"abc\"",
        "The plan was made for another model, with SHA-256 abc, than *; plan for this one, or take modelSha256 out*"
        },
        { "passes", "[]", "The plan relies on the passes , but this library makes 'opset upgrade', *; plan again.*" },
        { "nodes[0].node", "\"Conv_9\"", "The plan calls the node that makes * 'Conv_9', but the model calls it *" },
        { "nodes[0].result", "\"nothing\"", "The plan names node *, which the model does not have or which cannot run on codes*" },
        { "nodes[0].inputs[0].input", "7", "The plan names input 7 of node *, but the node has *" },
        { "nodes[0].inputs[0].value", "\"other\"", "The plan calls input 0 of node * 'other', but the model calls it *" },
        {
        "nodes[0].inputs[0].granularity",
        "\"per-channel\"",
        "The plan gives input 0 of node * activations are int8 or uint8, per tensor.*"
        },
        { "nodes[0].weights.scheme", "\"affine\"", "The plan gives the weights of node * weights need signed codes, symmetric about 0*" },
        {
        "halfInterface",
        "true",
        "The plan gives the model's inputs and outputs 16 bits, which only float16 nodes allow; take 'halfInterface' out.*"
        },
        {
        "nodes[0].halfInputs",
        "[{\"input\":0,\"value\":\"x\",\"format\":\"float16\"}]",
        "The plan gives node * floats of 16 bits, but the recipe 'static-int8' makes only codes; take *"
        },
        {
        "nodes[0].constant",
        "{\"type\":\"uint8\",\"scheme\":\"affine\",\"granularity\":\"per-tensor\",\"calibrator\":\"Max\"}",
        "The plan gives node * a constant, but it combines no constant*"
        },
    };

    [Theory]
    [MemberData(nameof(WrongPlans))]
    public void A_plan_that_does_not_fit_the_model_writes_nothing(string place, string value, string message)
    {
        Plan().Save(PlanPath);
        File.Delete(Output);
        JsonNode root = JsonNode.Parse(File.ReadAllText(PlanPath))!;
        Set(root, place, JsonNode.Parse(value));
        File.WriteAllText(PlanPath, root.ToJsonString());

        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(ModelPath, QuantizationPlan.Load(PlanPath), Output)).Should()
            .Throw<ArgumentException>().WithMessage(message);

        File.Exists(Output).Should().BeFalse();
    }

    [Fact]
    public void Scales_of_weights_have_to_be_as_many_as_channels()
    {
        NodePlan first = Plan().Nodes.First(node => node.Weights is not null);

        FluentActions.Invoking(() => Carry(root =>
        {
            JsonObject weights = Node(root, first)["weights"]!.AsObject();
            weights.Remove("calibrator");
            weights["scales"] = new JsonArray(0.5, 0.25);
        })).Should().Throw<ArgumentException>().WithMessage("The plan gives the weights of node * 2 scales, but 4 are needed.*");
    }

    private QuantizationPlan Plan()
    {
        GraphCases.Make("residual").Save(ModelPath);
        return PostTrainingQuantizer.Quantize(
            ModelPath, RandomTensors.Samples(8, GraphCases.ImageShape), Output, new PtqOptions { LatencyRuns = 0, Refine = false }).Plan;
    }

    private PtqResult Carry(Action<JsonNode> change)
    {
        Plan().Save(PlanPath);
        JsonNode root = JsonNode.Parse(File.ReadAllText(PlanPath))!;
        change(root);
        File.WriteAllText(PlanPath, root.ToJsonString());
        return PostTrainingQuantizer.Quantize(ModelPath, QuantizationPlan.Load(PlanPath), Output);
    }

    private static JsonObject Node(JsonNode root, NodePlan node) =>
        root["nodes"]!.AsArray().Single(each => (string?)each!["result"] == node.Result)!.AsObject();

    /// <summary>Sets <c>a[0].b</c>; null takes the field out.</summary>
    private static void Set(JsonNode root, string place, JsonNode? value)
    {
        string[] parts = place.Replace("[", ".[", StringComparison.Ordinal).Split('.');
        JsonNode at = parts[..^1].Aggregate(root, (node, part) =>
            part[0] == '[' ? node[int.Parse(part[1..^1], System.Globalization.CultureInfo.InvariantCulture)]! : node[part]!);
        if (value is null)
        {
            at.AsObject().Remove(parts[^1]);
        }
        else
        {
            at[parts[^1]] = value;
        }
    }

    /// <summary>A calibrator that no file can name.</summary>
    private sealed class MyCalibrator : ICalibrator
    {
        public string Name => "Max";

        public CalibrationResult Calibrate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme) =>
            new PercentileCalibrator(97).Calibrate(statistics, format, scheme);
    }
}
