using System.Collections.Immutable;

namespace Quantization.Onnx.Tests.Planning;

/// <summary>Plans are equal where all of what is written is, and files keep all of it.</summary>
public sealed class PlanEqualityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Changes of one thing each. The first item is what it is called.</summary>
    private static readonly (string Name, Func<QuantizationPlan, QuantizationPlan> Change)[] Changes =
    [
        ("recipe", plan => plan with { Recipe = "dynamic-int8" }),
        ("target", plan => plan with { Target = "openvino" }),
        ("passes", plan => plan with { Passes = ["opset upgrade"] }),
        ("half interface", plan => plan with { HasHalfInterface = false }),
        ("exponents of channels", plan => plan with { ChannelScalings = [new ChannelScaling("c", [1, -2, 4])] }),
        ("value of scaled channels", plan => plan with { ChannelScalings = [new ChannelScaling("d", [1, -2, 3])] }),
        ("exponents of inputs", plan => plan with { InputScalings = [new InputScaling("i", [0, 4])] }),
        ("value of scaled inputs", plan => plan with { InputScalings = [new InputScaling("j", [0, 5])] }),
        ("name of a body", plan => plan with { Bodies = [new BodyPlan("if_0/else_branch", Body())] }),
        ("plan of a body", plan => plan with { Bodies = [new BodyPlan("if_0/then_branch", Body() with { Nodes = [] })] }),
        ("number of nodes", plan => plan with { Nodes = plan.Nodes.RemoveAt(1) }),
        ("order of nodes", plan => plan with { Nodes = [plan.Nodes[1], plan.Nodes[0]] }),
        ("result", plan => WithNode(plan, node => node with { Result = "other" })),
        ("weights", plan => WithNode(plan, node => node with { Weights = node.Weights! with { Range = new FixedScales([0.5f, 0.5f]) } })),
        ("constant", plan => WithNode(plan, node => node with { Constant = null })),
        ("bias correction", plan => WithNode(plan, node => node with { BiasCorrection = [0.25f, -0.125f] })),
        ("rounding offsets", plan => WithNode(plan, node => node with { RoundingOffsets = [-1, 0, 1, 1, 0, -1, 0, 1] })),
        ("no rounding offsets", plan => WithNode(plan, node => node with { RoundingOffsets = [] })),
        ("position of an input", plan => WithNode(plan, node => node with { Inputs = [node.Inputs[0] with { Position = 1 }] })),
        ("zero-point of an input", plan => WithNode(plan, node => node with { Inputs = [Activation("x", 4)] })),
        ("results", plan => WithNode(plan, node => node with { Results = [] })),
        ("format of a 16-bit input", plan => WithNode(plan, node => node with { HalfInputs = [Half("h", HalfFormat.BFloat16, true)] })),
        ("storage of a 16-bit input", plan => WithNode(plan, node => node with { HalfInputs = [Half("h", HalfFormat.Float16, false)] })),
        ("16-bit results", plan => WithNode(plan, node => node with { HalfResults = [] })),
        ("size of blocks", plan => WithBlocks(plan, blocks => blocks with { Size = 64 })),
        ("form of blocks", plan => WithBlocks(plan, blocks => blocks with { Form = BlockForm.MatMulNBits })),
        ("accuracy level of blocks", plan => WithBlocks(plan, blocks => blocks with { AccuracyLevel = 4 })),
    ];

    public static TheoryData<string> Names => [.. Changes.Select(change => change.Name)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Plans_that_are_made_alike_are_equal_and_so_are_their_hashes()
    {
        Whole().Should().Be(Whole());
        Whole().Hash.Should().Be(Whole().Hash);
        Whole().GetHashCode().Should().Be(Whole().GetHashCode());
        Whole().Nodes[0].GetHashCode().Should().Be(Whole().Nodes[0].GetHashCode());
        Whole().Equals(null).Should().BeFalse();
        Whole().Nodes[0].Equals(null).Should().BeFalse();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Plans_that_differ_in_one_thing_are_not_equal_and_have_other_hashes(string changed)
    {
        QuantizationPlan plan = Change(changed);

        plan.Should().NotBe(Whole());
        plan.Hash.Should().NotBe(Whole().Hash);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_keeps_all_that_is_written(string changed)
    {
        QuantizationPlan plan = Change(changed);
        string path = _folder.PathTo("plan.json");
        plan.Save(path);

        QuantizationPlan read = QuantizationPlan.Load(path);

        read.Should().Be(plan);
        read.Nodes.Should().Equal(plan.Nodes);
        read.ExcludedNodes.Should().BeEquivalentTo(["excluded"]);
        read.WeightOnlyNodes.Should().BeEquivalentTo(["weights alone"]);
        read.FloatActivations.Should().BeEquivalentTo(["float"]);
    }

    [Fact]
    public void Each_item_of_a_list_stands_in_a_line_of_its_own_two_spaces_further_in()
    {
        string path = _folder.PathTo("plan.json");
        Whole().Save(path);

        string[] lines = File.ReadAllLines(path);

        int nodes = Array.IndexOf(lines, "  \"channelScalings\": [");
        lines[nodes + 1].Should().Be("    {\"value\":\"c\",\"exponents\":[1,-2,3]}");
        int inputs = Array.IndexOf(lines, "      \"inputs\": [");
        lines[inputs + 1].Should().StartWith("        {\"input\":0,\"value\":\"x\",");
    }

    private static QuantizationPlan Change(string name) => Changes.Single(change => change.Name == name).Change(Whole());

    private static QuantizationPlan WithNode(QuantizationPlan plan, Func<NodePlan, NodePlan> change) =>
        plan with { Nodes = plan.Nodes.SetItem(0, change(plan.Nodes[0])) };

    private static QuantizationPlan WithBlocks(QuantizationPlan plan, Func<BlockLayout, BlockLayout> change)
    {
        TensorEncoding weights = plan.Nodes[1].Weights!;
        NodePlan changed = plan.Nodes[1] with { Weights = weights with { Blocks = change(weights.Blocks!) } };
        return plan with { Nodes = plan.Nodes.SetItem(1, changed) };
    }

    /// <summary>A plan that says something in each of its fields. No model has such nodes.</summary>
    private static QuantizationPlan Whole() =>
        new("static-int8", "onnxruntime-cpu", ["opset upgrade", "affine folding"], [Node(), Blocks()])
    {
        ExcludedNodes = ["excluded"],
        WeightOnlyNodes = ["weights alone"],
        FloatActivations = ["float"],
        ChannelScalings = [new ChannelScaling("c", [1, -2, 3])],
        InputScalings = [new InputScaling("i", [0, 5])],
        Bodies = [new BodyPlan("if_0/then_branch", Body())],
        HasHalfInterface = true,
        ModelSha256 = "abc",
    };

    private static QuantizationPlan Body() =>
        new("static-int8", "onnxruntime-cpu", ["opset upgrade"], [new NodePlan("inner", "inside") { Inputs = [Activation("z", 1)] }]);

    private static NodePlan Node() => new("node", "result")
    {
        Weights = new TensorEncoding(
            CodeFormat.Int8.Restricted, QuantizationScheme.Symmetric, GranularityKind.PerChannel, new FixedScales([0.5f, 0.25f])),
        BiasCorrection = [0.25f, -0.5f],
        RoundingOffsets = [-1, 0, 1, 1, 0, -1, 0, 0],
        Constant = new TensorEncoding(
            CodeFormat.UInt8, QuantizationScheme.Affine, GranularityKind.PerTensor, new OwnRange(new MaxCalibrator())),
        Inputs = [Activation("x", 3)],
        Results = [Activation("y", 5)],
        HalfInputs = [Half("h", HalfFormat.Float16, true)],
        HalfResults = [Half("k", HalfFormat.Float16, false)],
    };

    private static NodePlan Blocks() => new("blocks", "product")
    {
        Weights = new TensorEncoding(
            CodeFormat.UInt4, QuantizationScheme.Affine, GranularityKind.PerBlock, new OwnRange(new MaxCalibrator()))
        {
            Blocks = new BlockLayout(32, BlockForm.DequantizeLinear, 1),
            Method = WeightMethod.Gptq,
        },
    };

    private static ValueEncoding Activation(string value, int zeroPoint)
    {
        FixedParameters parameters = new(0.1f, zeroPoint);
        return new ValueEncoding(
            0, value, new TensorEncoding(CodeFormat.UInt8, QuantizationScheme.Affine, GranularityKind.PerTensor, parameters));
    }

    private static HalfEncoding Half(string value, HalfFormat format, bool isStorage) => new(0, value, format, isStorage);
}
