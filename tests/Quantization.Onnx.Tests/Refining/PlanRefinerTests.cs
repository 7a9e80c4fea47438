using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Refining;

/// <summary>Where one spot costs nearly everything it is mended, and what is written can be written again from the plan.</summary>
public sealed class PlanRefinerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Channels_of_very_different_size_are_scaled()
    {
        string path = RefiningModels.Uneven().Save(_folder.PathTo("model.onnx"));
        SampleList samples = RandomTensors.Samples(24, GraphCases.ImageShape);

        PtqResult plain = PostTrainingQuantizer.Quantize(path, samples, Output, new PtqOptions { Refine = false });
        double before = Noise(path);
        PtqResult refined = PostTrainingQuantizer.Quantize(path, samples, Output);

        plain.Refinement.Should().BeNull();
        refined.Refinement!.ScaledConvolutions.Should().Be(refined.Plan.ChannelScalings.Length);
        refined.Refinement.Samples.Should().Be(16);
        refined.Refinement.LossAfter.Should().BeLessThan(refined.Refinement.LossBefore / 4);
        Noise(path).Should().BeLessThan(before / 4, "other samples show it too");
        refined.Plan.ChannelScalings.Select(scaling => scaling.Value).Should().Contain("a");
        refined.QuantizedNodes.Should().Equal(plain.QuantizedNodes);
    }

    [Fact]
    public void A_costly_activation_stays_in_float_and_its_weights_do_not()
    {
        string path = RefiningModels.Swish().Save(_folder.PathTo("model.onnx"));
        SampleList samples = RandomTensors.Samples(24, GraphCases.ImageShape);

        PtqResult refined = PostTrainingQuantizer.Quantize(path, samples, Output);

        refined.Refinement!.FloatActivations.Should().NotBeEmpty().And.BeEquivalentTo(refined.Plan.FloatActivations);
        refined.Refinement.IntegerShare.Should().BeInRange(0.5, 0.99);
        refined.Refinement.LossAfter.Should().BeLessThan(refined.Refinement.LossBefore / 2);
        refined.QuantizedNodes.Should().Contain(["a-node", "y-node"]);
        refined.Plan.Nodes.Where(node => node.Weights is not null).Should().HaveCount(8);
        refined.Plan.Nodes.Where(
            node => node.Inputs.Concat(node.Results).Any(each => refined.Plan.FloatActivations.Contains(each.Value))).Should()
            .BeEmpty();
    }

    [Theory]
    [InlineData("uneven")]
    [InlineData("swish")]
    public void The_plan_gives_the_same_bytes_and_so_does_a_second_run(string name)
    {
        string path = (name == "uneven" ? RefiningModels.Uneven() : RefiningModels.Swish()).Save(_folder.PathTo("model.onnx")),
            planPath = _folder.PathTo("plan.json"), again = _folder.PathTo("again.onnx");
        SampleList samples = RandomTensors.Samples(24, GraphCases.ImageShape);
        PostTrainingQuantizer.Quantize(path, samples, Output).Plan.Save(planPath);

        PostTrainingQuantizer.Quantize(path, QuantizationPlan.Load(planPath), again);

        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(Output));
        PostTrainingQuantizer.Quantize(path, samples, again);
        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(Output));
    }

    [Fact]
    public void Activations_are_left_in_float_by_name()
    {
        string path = RefiningModels.Swish().Save(_folder.PathTo("model.onnx"));
        SampleList samples = RandomTensors.Samples(4, GraphCases.ImageShape);

        PtqResult result = PostTrainingQuantizer.Quantize(
            path, samples, Output, new PtqOptions { FloatActivations = new HashSet<string> { "c2" } });

        result.Plan.FloatActivations.Should().Equal("c2");
        result.Plan.Nodes.SelectMany(node => node.Inputs.Concat(node.Results)).Should().NotContain(each => each.Value == "c2");
        result.Plan.Nodes.Where(node => node.Weights is not null && node.Inputs.IsEmpty).Select(node => node.Node).Should()
            .Equal("c2-node", "c3-node");
        FluentActions.Invoking(
            () => PostTrainingQuantizer.Quantize(path, samples, Output, new PtqOptions { FloatActivations = new HashSet<string> { "zz" } }))
            .Should().Throw<ArgumentException>().WithMessage("*has no activation 'zz' that becomes codes*");
    }

    [Fact]
    public void Few_samples_decide_nothing() =>
        PostTrainingQuantizer.Quantize(
            RefiningModels.Uneven().Save(_folder.PathTo("model.onnx")), RandomTensors.Samples(7, GraphCases.ImageShape), Output)
            .Refinement.Should().BeNull();

    [Fact]
    public void Partial_quantization_and_search_begin_with_the_improved_plan()
    {
        string path = RefiningModels.Uneven().Save(_folder.PathTo("model.onnx"));
        SampleList calibrating = RandomTensors.Samples(24, GraphCases.ImageShape),
            scoring = new([.. RandomTensors.Samples(40, GraphCases.ImageShape).Skip(24)]);

        PartialResult partial = PartialQuantizer.Run(
            path, calibrating, scoring, Output, new PartialOptions { Target = PartialTarget.Reach(20) });
        SearchResult search = PtqSearch.Run(path, calibrating, scoring, Output, new SearchOptions { PerTensorTrials = 0 });

        partial.Changes.Should().BeEmpty("scaled channels reach the target");
        partial.Model.Plan.ChannelScalings.Should().NotBeEmpty();
        search.Best.Name.Should().EndWith(", improved");
        search.Model.Refinement!.ScaledConvolutions.Should().BePositive();
        search.Best.Score.SignalToNoise.Should().BeGreaterThan(search.Baseline.Score.SignalToNoise + 6);
    }

    /// <summary>The share of noise in the outputs of samples that did not calibrate.</summary>
    private double Noise(string path)
    {
        EvaluationResult result = ModelEvaluator.Evaluate(
            path, [Output], new SampleList([.. RandomTensors.Samples(40, GraphCases.ImageShape).Skip(24)]));
        return Math.Pow(10, -result.Candidates[0].SignalToNoise!.Value / 10);
    }
}
