using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Planning;

/// <summary>Plans of weights in blocks, as files, and what cannot be in them.</summary>
public sealed class BlockPlanTests : IDisposable
{
    private const int Width = 64;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(BlockForm.MatMulNBits)]
    [InlineData(BlockForm.DequantizeLinear)]
    public void A_plan_is_read_as_it_was_written_and_gives_the_same_bytes(BlockForm form)
    {
        string path = Model(), output = _folder.PathTo("out.onnx"), plan = _folder.PathTo("plan.json"),
            again = _folder.PathTo("again.onnx");
        PtqResult result = WeightQuantizer.Quantize(
            path, output, new WeightOnlyOptions { Bits = 4, BlockSize = 64, Form = form, AccuracyLevel = 1,
            BlockScheme = QuantizationScheme.Symmetric });
        result.Plan.Save(plan);

        QuantizationPlan read = QuantizationPlan.Load(plan);
        PostTrainingQuantizer.Quantize(path, read, again);

        read.Should().Be(result.Plan);
        read.Hash.Should().Be(result.Plan.Hash);
        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(output));
        string name = form == BlockForm.MatMulNBits ? "matmul-nbits" : "qdq";
        File.ReadAllText(plan).Should().Contain(
            $$"""{"type":"uint4","scheme":"symmetric","granularity":"per-block","blockSize":64,"form":"{{name}}","accuracyLevel":1,"""
            + "\"method\":\"nearest\",\"calibrator\":\"MSE\"}");
    }

    [Fact]
    public void Layers_of_different_bits_stand_in_one_plan()
    {
        string path = Model();
        QuantizationPlan plan = WeightQuantizer.Quantize(path, _folder.PathTo("out.onnx"), new WeightOnlyOptions { Bits = 4 }).Plan;
        NodePlan first = plan.Nodes[0];
        QuantizationPlan mixed = plan with
        {
            Nodes = [first with { Weights = first.Weights! with { Format = CodeFormat.UInt8 } },
                plan.Nodes[1] with { Weights = first.Weights! with { Format = new CodeFormat(CodeType.UInt4, 0, 7) } }],
        };

        PtqResult result = PostTrainingQuantizer.Quantize(path, mixed, _folder.PathTo("mixed.onnx"));

        Protos.ModelProto written = ModelFile.Load(result.OutputPath).Model;
        written.Graph.Node.Select(node => node.GetInt("bits", 0)).Should().Equal(8, 4);
        byte[] codes = written.Graph.Initializer.Single(tensor => tensor.Name == written.Graph.Node[1].Input[1]).RawData.ToByteArray();
        codes.SelectMany(pair => (int[])[pair & 15, pair >> 4]).Max().Should().Be(7, "three bits are in use");
    }

    [Theory]
    [InlineData("\"blockSize\":32", "\"blockSize\":48", "nodes[0].weights.blockSize is 48; known are 16, 32, 64, 128, 256.")]
    [InlineData("\"form\":\"matmul-nbits\"", "\"form\":\"gguf\"", "nodes[0].weights.form is \"gguf\"; known are matmul-nbits, qdq.")]
    [InlineData("\"granularity\":\"per-block\"", "\"granularity\":\"per-tensor\"", "nodes[0].weights.blockSize is 32; it goes with the "
        + "granularity per-block; take it out.")]
    public void A_field_that_cannot_be_is_named(string from, string to, string message)
    {
        string plan = _folder.PathTo("plan.json");
        WeightQuantizer.Quantize(Model(), _folder.PathTo("out.onnx"), new WeightOnlyOptions { Bits = 4 }).Plan.Save(plan);
        File.WriteAllText(plan, File.ReadAllText(plan).Replace(from, to, StringComparison.Ordinal));

        Action load = () => QuantizationPlan.Load(plan);

        load.Should().Throw<InvalidDataException>().WithMessage($"*{message}*");
    }

    [Theory]
    [InlineData("\"type\":\"uint4\"", "\"type\":\"int4\"", "The plan gives the weights of node 'a-node' Int4 [-8, 7]; codes in blocks "
        + "are uint2, uint4 or uint8 from 0 on.")]
    [InlineData("\"accuracyLevel\":4", "\"accuracyLevel\":5", "The plan gives the weights of node 'a-node' the accuracy level 5; known "
        + "are 0 to 4.")]
    [InlineData("\"calibrator\":\"MSE\"", "\"calibrator\":\"Entropy\"", "*those of blocks are found by the calibrators Max and MSE.")]
    [InlineData("\"method\":\"nearest\"", "\"method\":\"gptq\"", "*of node 'a-node' by the method Gptq, which needs samples; "
        + "give those again that the plan was made with, or make the method nearest.*")]
    [InlineData("\"type\":\"uint4\",\"scheme\":\"affine\"", "\"type\":\"uint4\",\"codes\":[0,7],\"scheme\":\"symmetric\"", "*whose "
        + "zero point is the middle of all codes; take 'codes' out, or make the scheme affine.")]
    public void A_plan_that_cannot_be_carried_out_says_why(string from, string to, string message)
    {
        string path = Model(), plan = _folder.PathTo("plan.json"), output = _folder.PathTo("again.onnx");
        WeightQuantizer.Quantize(path, _folder.PathTo("out.onnx"), new WeightOnlyOptions { Bits = 4 }).Plan.Save(plan);
        File.WriteAllText(plan, File.ReadAllText(plan).Replace(from, to, StringComparison.Ordinal));

        Action quantize = () => PostTrainingQuantizer.Quantize(path, QuantizationPlan.Load(plan), output);

        quantize.Should().Throw<ArgumentException>().WithMessage(message + "*");
        File.Exists(output).Should().BeFalse();
    }

    [Fact]
    public void Options_that_cannot_be_say_what_can()
    {
        ((Action)(() => _ = new WeightOnlyOptions { Bits = 3 })).Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage("ONNX Runtime multiplies by weights of 2, 4 and 8 bits, not 3; take 4*");
        ((Action)(() => _ = new WeightOnlyOptions { BlockSize = 48 })).Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage("ONNX Runtime takes blocks of 16, 32, 64, 128, 256 weights*");
        Quantizing(new WeightOnlyOptions { Bits = 2, Form = BlockForm.DequantizeLinear }).Should().Throw<ArgumentException>()
            .WithMessage("DequantizeLinear has no codes of 2 bits*");
        Quantizing(new WeightOnlyOptions { Bits = 4, WeightCalibrator = new EntropyCalibrator() }).Should().Throw<ArgumentException>()
            .WithMessage("The calibrator Entropy needs more values than a block has; take Max or MSE.*");
        new WeightOnlyOptions { Bits = 4 }.WeightCalibrator.Should().Be(new MseCalibrator());
        new WeightOnlyOptions().WeightCalibrator.Should().Be(new MaxCalibrator());

        Action Quantizing(WeightOnlyOptions options) => () => WeightQuantizer.Quantize(Model(), _folder.PathTo("out.onnx"), options);
    }

    /// <summary>Two products.</summary>
    private string Model() =>
        new ModelBuilder().Input("x", -1, Width).Constant("v", RandomTensors.Normal(1, Width * Width, 0.2), Width, Width)
        .Constant("w", RandomTensors.Normal(2, Width * Width, 0.2), Width, Width)
        .Node("MatMul", ["x", "v"], "a").Node("MatMul", ["a", "w"], "y").Output("y", -1, Width).Save(_folder.PathTo("model.onnx"));
}
