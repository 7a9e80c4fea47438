using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Planning;

/// <summary>Plans whose nodes have encodings of their own.</summary>
public sealed class MixedPlanTests : IDisposable
{
    private const int Width = 16;

    private readonly TemporaryFolder _folder = new();
    private readonly FloatModel _model;
    private readonly ModelCalibration _calibration;
    private readonly TrialModels _models;
    private readonly QuantizationPlan _plan;

    /// <summary>x → two MatMuls → Mul → MatMul.</summary>
    public MixedPlanTests()
    {
        ModelBuilder network = new ModelBuilder().Input("x", 4, Width)
            .Constant("wa", RandomTensors.Normal(1, Width * Width, 0.25), Width, Width)
            .Constant("wb", RandomTensors.Normal(2, Width * Width, 0.25), Width, Width)
            .Constant("wc", RandomTensors.Normal(3, Width * Width, 0.25), Width, Width)
            .Node("MatMul", ["x", "wa"], "a").Node("MatMul", ["x", "wb"], "b").Node("Mul", ["a", "b"], "c").Node("MatMul", ["c", "wc"], "y")
            .Output("y", 4, Width);
        string path = network.Save(_folder.PathTo("model.onnx"));
        _model = StaticInt8Recipe.Load(path, null, TargetRuntime.OnnxRuntimeCpu);
        _calibration = ModelCalibrator.Calibrate(path, RandomTensors.Samples(8, 4, Width));
        _models = new TrialModels(_model, _calibration);
        _plan = _models.Plan(new PtqOptions());
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Equal_plans_have_equal_hashes_and_others_have_not()
    {
        QuantizationPlan same = _models.Plan(new PtqOptions
        {
            ActivationCalibrator = ((ObservedRange)_plan.Activations.First().Encoding.Range).Calibrator,
            WeightCalibrator = ((OwnRange)_plan.Nodes[0].Weights!.Range).Calibrator
        });
        same.Should().Be(_plan);
        same.Hash.Should().Be(_plan.Hash);

        QuantizationPlan[] others =
        [
            With("a-node", node => node with { Weights = null }),
            With("a-node", node => node with { Weights = node.Weights! with { Granularity = GranularityKind.PerTensor } }),
            With("a-node", node => node with { Weights = node.Weights! with { Format = CodeFormat.Signed(4).Restricted } }),
            With("a-node", node => node with { Weights = node.Weights! with { Range = new OwnRange(new MseCalibrator()) } }),
            With("a-node", node => node with { Inputs = [] }),
            With("a-node", node => node.WithActivations(each => each.Encoding with { Scheme = QuantizationScheme.Symmetric })),
            With("a-node", node => node.WithActivations(each => each.Encoding with { Range = new FixedParameters(0.5f, 3) })),
            _plan with { Target = "another" },
            _plan with { Recipe = "another" },
            _plan with { Passes = [] },
        ];
        others.Should().OnlyHaveUniqueItems().And.NotContain(_plan);
        others.Select(plan => plan.Hash).Should().OnlyHaveUniqueItems().And.NotContain(_plan.Hash);
        (_plan with { Notes = PlanNotes.None, ExcludedNodes = ["z"] }).Should().Be(_plan, "that changes nothing of what is written");
    }

    [Fact]
    public void Two_readers_of_a_value_read_codes_of_their_own()
    {
        QuantizationPlan mixed = With("b-node", node => node.WithActivations(each => each.Position == 0 && each.Value == "x"
            ? each.Encoding with { Range = new FixedParameters(0.25f, 100) }
            : each.Encoding));

        ModelProto written = _models.Write(mixed);

        NodeProto[] pairs = [.. written.Graph.Node.Where(node => node.OpType == "QuantizeLinear" && node.Input[0] == "x")];
        pairs.Should().HaveCount(2);
        pairs.Select(pair => Scale(written, pair)).Should().Contain(0.25f).And.OnlyHaveUniqueItems();
        NodeProto own = pairs.Single(pair => Scale(written, pair) == 0.25f);
        written.Graph.Node.Count(node => node.Input.Contains(Dequantize(written, own).Output[0])).Should().Be(1);
        float[] x = RandomTensors.Normal(9, 4 * Width);
        ModelRun.Floats(ObservedModel.Of(written, Dequantize(written, own).Output), x, 4, Width)[0].Should().Equal(
            x.Select(value => 0.25f * (Math.Clamp((int)Math.Round((double)(value / 0.25f), MidpointRounding.ToEven) + 100, 0, 255) - 100)));
    }

    [Fact]
    public void A_reader_with_other_parameters_than_the_maker_gets_a_second_pair()
    {
        QuantizationPlan mixed = With(
            "y-node", node => node.WithActivations(each => each.Encoding with { Range = new FixedParameters(0.125f, 128) }));

        ModelProto written = _models.Write(mixed);

        NodeProto second = written.Graph.Node.Single(node => node.OpType == "QuantizeLinear" && node.Input[0] == "c");
        Scale(written, second).Should().Be(0.125f);
        written.Graph.Node.Should()
            .Contain(node => node.OpType == "DequantizeLinear" && node.Output[0] == "c", "the maker keeps its own pair");
        float[] x = RandomTensors.Normal(9, 4 * Width);
        float[] made = ModelRun.Floats(ObservedModel.Of(written, ["c"]), x, 4, Width)[0],
            read = ModelRun.Floats(ObservedModel.Of(written, Dequantize(written, second).Output), x, 4, Width)[0];
        read.Should().Equal(made.Select(
            value => 0.125f * (Math.Clamp((int)Math.Round((double)(value / 0.125f), MidpointRounding.ToEven) + 128, 0, 255) - 128)));
    }

    [Fact]
    public void One_edge_in_float_leaves_the_others_as_they_are()
    {
        QuantizationPlan mixed = With("b-node", node => node with { Inputs = [] });

        ModelProto written = _models.Write(mixed);

        NodeProto reader = written.Graph.Node.Single(node => node.OpType == "MatMul" && node.Input[0] == "x");
        written.Graph.Node.Single(node => node.Output.Contains(reader.Input[1])).OpType.Should()
            .Be("DequantizeLinear", "its weights are codes all the same");
        written.Graph.Node.Count(node => node.OpType == "QuantizeLinear" && node.Input[0] == "x").Should().Be(1);
    }

    [Fact]
    public void A_derived_plan_keeps_the_encodings_of_the_nodes_that_are_left()
    {
        QuantizationPlan mixed = With(
            "b-node", node => node with { Inputs = [], Weights = node.Weights! with { Granularity = GranularityKind.PerTensor } });

        QuantizationPlan derived = _models.Exclude(mixed, ["a-node"]);

        derived.Nodes.Select(node => node.Node).Should()
            .NotContain("a-node").And.NotContain("c-node", "nothing makes one of its inputs from codes");
        derived.Nodes.Single(node => node.Node == "b-node").Inputs.Should().BeEmpty();
        derived.Nodes.Single(node => node.Node == "b-node").Weights!.Granularity.Should().Be(GranularityKind.PerTensor);
        derived.Notes.Float["a-node"].Should().Be("kept in float as asked");
        _models.Exclude(derived, ["a-node"]).Should().BeSameAs(derived);
    }

    [Fact]
    public void A_plan_for_another_model_names_the_node()
    {
        QuantizationPlan wrong = _plan with { Nodes = [.. _plan.Nodes, new NodePlan("nobody", "nothing")] };

        FluentActions.Invoking(() => _models.Write(wrong)).Should()
            .Throw<ArgumentException>().WithMessage("The plan names node 'nobody', which the model does not have*");
    }

    private QuantizationPlan With(string node, Func<NodePlan, NodePlan> change)
    {
        QuantizationPlan changed = _plan with { Nodes = [.. _plan.Nodes.Select(each => each.Node == node ? change(each) : each)] };
        changed.Nodes.Select(each => each.Node).Should().Contain(node);
        return changed;
    }

    private static NodeProto Dequantize(ModelProto model, NodeProto quantize) =>
        model.Graph.Node.Single(node => node.OpType == "DequantizeLinear" && node.Input[0] == quantize.Output[0]);

    private static float Scale(ModelProto model, NodeProto quantize) =>
        model.Graph.Initializer.Single(tensor => tensor.Name == quantize.Input[1]).ReadFloats()[0];
}
