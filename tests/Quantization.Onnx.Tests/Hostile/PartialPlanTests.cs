using Quantization.Onnx.Tests.Corpus;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Hostile;

/// <summary>
/// A plan that leaves nodes in float asks for statistics of what the whole plan observed, and of nothing else; and it is the same whether
/// it is derived from the whole plan or made of options.
/// </summary>
public sealed class PartialPlanTests
{
    private const int SubsetsOfAModel = 40;

    private static readonly string[] Zoo =
    ["fastestdet", "yunet-n", "yolox-nano", "openseeface-detection", "openseeface-landmarks", "openseeface-retinaface", "super-resolution",
        "basic-pitch"];

    public static TheoryData<string> Models => [.. Zoo];

    [Theory]
    [MemberData(nameof(Models))]
    public void Real_models(string name)
    {
        foreach (TargetRuntime runtime in Enum.GetValues<TargetRuntime>())
        {
            Check(SharedFolder.Models("zoo", $"{name}.onnx"), runtime).Should().BeGreaterThan(1);
        }
    }

    [Theory]
    [InlineData("residual")]
    [InlineData("max pool")]
    [InlineData("swish")]
    [InlineData("flatten and gemms")]
    [InlineData("nested Concats")]
    public void Graphs_of_the_forms_that_models_have(string name)
    {
        using TemporaryFolder folder = new();
        string model = (name == "nested Concats" ? Nested() : GraphCases.Make(name)).Save(folder.PathTo("model.onnx"));
        foreach (TargetRuntime runtime in Enum.GetValues<TargetRuntime>())
        {
            Check(model, runtime).Should().BeGreaterThan(1);
        }
    }

    [Fact]
    public void Graphs_around_branches()
    {
        using TemporaryFolder folder = new();
        int planned = Enumerable.Range(0, 100).Sum(seed => Check(
            BranchGraphs.Make(seed).Save(folder.PathTo("model.onnx")),
            seed % 2 == 0 ? TargetRuntime.OnnxRuntimeCpu : TargetRuntime.OpenVino));
        planned.Should().BeGreaterThan(200);
    }

    [Fact]
    public void The_operator_corpus()
    {
        int planned = 0;
        foreach (string path in CorpusModel.All().Select(model => model.ModelPath))
        {
            try
            {
                bool canBePlanned = ModelFile.Load(path).Model.AllNodes().Any(WeightSlot.CanHaveWeights);
                planned += !canBePlanned ? 0 : Check(path, TargetRuntime.OnnxRuntimeCpu) + Check(path, TargetRuntime.OpenVino);
            }
            catch (OnnxModelException)
            {
                // The library or ONNX Runtime cannot read it, or it is quantized already.
            }
        }

        planned.Should().BeGreaterThanOrEqualTo(60);
    }

    [Fact]
    public void The_comparison_of_layers_of_the_detector_that_failed()
    {
        string model = SharedFolder.Models("zoo", "fastestdet.onnx");
        SampleList samples = new(
            [new ModelSample("noise", SampleTensor.Create<float>("input.1", RandomTensors.Normal(1, 3 * 352 * 352, 0.3), 1, 3, 352, 352))]);
        ModelCalibration calibration = ModelCalibrator.Calibrate(model, samples);

        IReadOnlyList<LayerNoise> layers = LayerComparer.Compare(model, calibration, samples);

        layers.Should().HaveCountGreaterThan(60);
        layers.Should().OnlyContain(layer => !double.IsNaN(layer.SignalToNoise));
    }

    /// <summary>Takes nodes out at random; how many nodes the whole plan has.</summary>
    private static int Check(string path, TargetRuntime runtime)
    {
        FloatModel model = StaticInt8Recipe.Load(path, null, runtime);
        QuantizableGraph graph = model.Analysis;
        PtqOptions options = new() { Runtime = runtime };
        QuantizationPlan all = new StaticInt8Recipe(options).Plan(model, null);
        PlanExclusion exclusion = new(graph, DeadActivations.Of(new ModelCalibration(model.File.Fingerprint, 0, [])));
        NodeSelection whole = graph.Whole;
        HashSet<string> observed = [.. whole.Sources.Values];
#pragma warning disable CA5394 // nothing secret here
        Random random = new(whole.Nodes.Count);
        for (int i = 0; i < SubsetsOfAModel && whole.Nodes.Count > 1; i++)
        {
            double share = random.NextDouble();
            HashSet<string> inFloat = [.. whole.Nodes.Select(node => node.Label).Where(_ => random.NextDouble() < share)];
            string[] sources = [.. observed.Order(StringComparer.Ordinal)];
            HashSet<string> activations = [.. sources.Where(_ => i % 2 == 1 && random.NextDouble() < share / 2)];
            HashSet<string> weightOnly =
            [
                .. whole.Nodes.Where(node => node.Role == NodeRole.Weighted && i % 3 == 2 && random.NextDouble() < share / 2)
                    .Select(node => node.Label)
            ];
            FloatParts parts = new(inFloat, activations, weightOnly);
            NodeSelection selection = NodeSelector.Select(graph, parts);
            selection.Sources.Values.Should().BeSubsetOf(observed, "{0} without {1}", path, string.Join(", ", inFloat));
            selection.Sources.Keys.Should().BeSubsetOf(whole.Sources.Keys);

            selection.Sources.Values.Should().NotIntersectWith(activations);
            selection.Nodes.Where(node => node.Weight is not null).Select(node => node.Label).Should()
                .BeEquivalentTo(whole.Nodes.Where(node => node.Weight is not null).Select(node => node.Label).Except(inFloat));
            QuantizationPlan derived = exclusion.Exclude(all, parts);
            QuantizationPlan planned = new StaticInt8Recipe(
                options with { FloatNodes = inFloat, FloatActivations = activations, WeightOnlyNodes = weightOnly }).Plan(model, null);
            derived.Should().Be(planned, "{0} without {1}", path, string.Join(", ", inFloat));
            derived.Hash.Should().Be(planned.Hash);
            derived.Notes.Float.Should().BeEquivalentTo(planned.Notes.Float);
        }
#pragma warning restore CA5394

        NodeSelector.Select(graph, FloatParts.None).Sources.Should().Equal(whole.Sources);
        return whole.Nodes.Count;
    }

    /// <summary>Concats whose results are concatenated again share statistics with values two Concats on.</summary>
    private static ModelBuilder Nested() => GraphCases.Image().Conv("x", "a", 3, 4).Conv("x", "b", 3, 4)
        .Node("Concat", ["a", "b"], "c", ModelBuilder.Int("axis", 1)).Conv("x", "d", 3, 4)
        .Node("Concat", ["c", "d"], "e", ModelBuilder.Int("axis", 1)).Conv("e", "y", 12, 4).Output("y", 1, 4, 8, 8);
}
