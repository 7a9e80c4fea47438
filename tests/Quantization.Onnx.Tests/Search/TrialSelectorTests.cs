namespace Quantization.Onnx.Tests.Search;

/// <summary>Which trial is the best, as far as samples tell.</summary>
public sealed class TrialSelectorTests
{
    private static readonly SearchTrial Float = Trial("float", 20, [.. Enumerable.Repeat(-12f, 20)], 20);

    [Fact]
    public void Luck_with_a_few_labels_does_not_beat_the_simpler_one()
    {
        SearchTrial simple = Trial("simple", 17, Levels(-5, 0.1f), 20), lucky = Trial("lucky", 19, Levels(-5, 0.1f), 20);

        Select(ModelMetric.Top1, simple, lucky).Should().Be(simple, "two labels of twenty may be chance");
    }

    [Fact]
    public void Labels_that_distinguish_models_decide_for_the_better()
    {
        SearchTrial simple = Trial("simple", 10, Levels(-5, 0.1f), 20), better = Trial("better", 18, Levels(-4, 0.1f), 20);

        Select(ModelMetric.Top1, simple, better).Should().Be(better, "eight labels of eight are no chance, however near the outputs are");
    }

    [Fact]
    public void Of_equals_by_labels_the_surely_nearer_wins_and_the_simpler_where_that_is_not_sure()
    {
        SearchTrial simple = Trial("simple", 18, Levels(-5, 0), 20);
        SearchTrial nearer = Trial("nearer", 18, Levels(-5.5f, 0.1f), 20), noisy = Trial("noisy", 18, Levels(-5.1f, 3), 20);

        Select(ModelMetric.Top1, simple, nearer, noisy).Should().Be(nearer);
        Select(ModelMetric.Top1, simple, noisy).Should().Be(simple);
        new TrialSelector(ModelMetric.Top1, Float.Score).Explain([simple, noisy], false, false).Code.Should()
            .Be(AdviceCode.TrialsIndistinguishable);
        new TrialSelector(ModelMetric.Top1, Float.Score).Explain([simple, nearer], false, false).Code.Should()
            .Be(AdviceCode.NoTrialReachesFloat);
    }

    [Fact]
    public void One_bad_sample_of_many_does_not_rank_a_model_last()
    {
        // The SQNR of all samples together is made by the largest noise; the typical sample counts.
        SearchTrial simple = Trial("simple", 0, Levels(-5, 0.1f), 20) with { };
        float[] levels = Levels(-7, 0.1f);
        levels[3] = -1;
        SearchTrial typical = Trial("typical", 0, levels, 12);

        Select(ModelMetric.SignalToNoise, simple, typical).Should().Be(typical);
    }

    [Fact]
    public void Worse_is_what_is_surely_so()
    {
        TrialSelector selector = new(ModelMetric.Top1, Float.Score);
        SearchTrial simple = Trial("simple", 18, Levels(-5, 0), 20), noisy = Trial("noisy", 17, Levels(-4.9f, 3), 20);
        SearchTrial farther = Trial("farther", 18, Levels(-4.5f, 0.1f), 20), wrong = Trial("wrong", 10, Levels(-6, 0.1f), 20);

        selector.IsWorse(noisy.Score, simple.Score).Should().BeFalse("neither one label nor so little distance is sure");
        selector.IsWorse(farther.Score, simple.Score).Should().BeTrue();
        selector.IsWorse(wrong.Score, simple.Score).Should().BeTrue();
        selector.IsWorse(simple.Score, farther.Score).Should().BeFalse();
    }

    private static SearchTrial Select(ModelMetric metric, params SearchTrial[] trials) =>
        new TrialSelector(metric, Float.Score).Best(trials);

    private static float[] Levels(float mean, float spread) =>
        [.. Enumerable.Range(0, 20).Select(i => mean + spread * (i % 2 == 0 ? 1 : -1))];

    private static SearchTrial Trial(string name, int correct, float[] levels, double decibels)
    {
        MetricFigure top1 = new(ModelMetric.Top1, correct / 20.0, 20), noise = new(ModelMetric.SignalToNoise, decibels, 20);
        TrialScore score = new(correct == 0 ? noise : top1, new ModelFigures(top1, null, noise, null, null))
        {
            Samples = new SampleFigures(levels, [.. Enumerable.Range(0, 20).Select(i => i < correct ? 1f : 0)]),
        };
        return new SearchTrial(name, new PtqOptions(), score, null);
    }
}
