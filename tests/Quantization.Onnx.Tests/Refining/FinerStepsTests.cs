using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Refining;

/// <summary>Steps that are finer than a whole layer in float: int8 weights alone, and single activations in float.</summary>
public sealed class FinerStepsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_node_computes_in_float_with_int8_weights()
    {
        string path = RefiningModels.Swish().Save(_folder.PathTo("model.onnx")), again = _folder.PathTo("again.onnx"),
            planPath = _folder.PathTo("plan.json");
        SampleList samples = RandomTensors.Samples(4, GraphCases.ImageShape);
        PtqOptions options = new() { WeightOnlyNodes = new HashSet<string> { "c2-node" } };

        PtqResult result = PostTrainingQuantizer.Quantize(path, samples, Output, options);
        result.Plan.Save(planPath);
        PostTrainingQuantizer.Quantize(path, QuantizationPlan.Load(planPath), again);

        result.Plan.WeightOnlyNodes.Should().Equal("c2-node");
        QuantizationPlan.Load(planPath).WeightOnlyNodes.Should().Equal("c2-node");
        result.Plan.Nodes.Where(node => node.Weights is not null && node.Inputs.IsEmpty).Select(node => node.Node).Should()
            .Equal("c2-node");
        result.Plan.Nodes.Where(node => node.Weights is not null).Should().HaveCount(8);
        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(Output));
        FluentActions.Invoking(
            () => PostTrainingQuantizer.Quantize(path, samples, Output, options with { WeightOnlyNodes = new HashSet<string> { "zz" } }))
            .Should().Throw<ArgumentException>().WithMessage("*'zz'*");
    }

    [Fact]
    public void Activations_in_float_reach_what_codes_cannot()
    {
        string path = RefiningModels.Swish().Save(_folder.PathTo("model.onnx"));
        double target = Plain(path) + 10;

        PartialResult result = Partial(path, target, LayerStep.FloatActivations);

        result.IsTargetMet.Should().BeTrue();
        result.Changes.Should().BeEmpty();
        result.ActivationChanges.Should().NotBeEmpty();
        result.ActivationChanges.Select(change => change.Activation).Should()
            .Equal(result.Written.FloatActivations).And.Equal(result.Model.Plan.FloatActivations.Order(StringComparer.Ordinal));
        result.ActivationChanges.Should().Contain(change => change.Without.SignalToNoise < target, "otherwise codes would do for all");
        result.Written.FloatLayers.Should().BeEmpty();
        result.Written.Int8Share.Should().BeInRange(0.2, 0.99);
        result.Model.Plan.Nodes.Count(node => node.Weights is not null).Should().Be(8);
        result.Curve.Select(point => point.Int8Share).Should().Contain(result.Written.Int8Share);
    }

    [Fact]
    public void Layers_in_float_keep_int8_weights_where_the_target_allows()
    {
        string path = RefiningModels.Swish().Save(_folder.PathTo("model.onnx"));
        double target = Plain(path) + 6;

        PartialResult inFloat = Partial(path, target);
        PartialResult result = Partial(path, target, LayerStep.WeightOnly);

        inFloat.Written.FloatLayers.Should().NotBeEmpty();
        result.IsTargetMet.Should().BeTrue();
        result.Written.WeightOnlyLayers.Should().NotBeEmpty();
        result.Written.WeightOnlyLayers.Concat(result.Written.FloatLayers).Should().BeEquivalentTo(inFloat.Written.FloatLayers);
        result.Changes.Where(change => !change.IsFloat).SelectMany(change => change.Steps).Distinct().Should().Equal(LayerStep.WeightOnly);
        result.Model.Plan.WeightOnlyNodes.Should().BeEquivalentTo(result.Written.WeightOnlyLayers);
        result.Model.Plan.Nodes.Where(node => node.Weights is not null).Should()
            .HaveCount(8 - result.Written.FloatLayers.Count, "the others keep their codes");
        result.Written.Int8Share.Should().Be(inFloat.Written.Int8Share);
    }

    [Fact]
    public void The_costliest_activations_are_listed_with_the_work_that_leaves_the_integers()
    {
        string path = RefiningModels.Swish().Save(_folder.PathTo("model.onnx"));

        IReadOnlyList<ActivationCost> costs =
            PostTrainingQuantizer.Quantize(path, RandomTensors.Samples(24, GraphCases.ImageShape), Output).Refinement!.CostliestActivations;

        costs.Should().HaveCountLessThanOrEqualTo(10).And.BeInDescendingOrder(cost => cost.LossShare);
        costs[0].LossShare.Should().BeGreaterThan(0.2);
        costs.SelectMany(cost => cost.Activations).Should().OnlyHaveUniqueItems();
        costs.Should().OnlyContain(cost => cost.WorkShare >= 0 && cost.WorkShare <= 1).And.Contain(cost => cost.WorkShare > 0);
    }

    private double Plain(string path) => Partial(path, 0).Quantized.Score.SignalToNoise;

    private PartialResult Partial(string path, double target, params IReadOnlyList<LayerStep> steps) => PartialQuantizer.Run(
        path,
        RandomTensors.Samples(8, GraphCases.ImageShape),
        new SampleList([.. RandomTensors.Samples(16, GraphCases.ImageShape).Skip(8)]),
        Output,
        new PartialOptions
        {
            Target = PartialTarget.Reach(target),
            Steps = [.. steps],
            Baseline = new PtqOptions { Refine = false, LatencyRuns = 0 }
        });
}
