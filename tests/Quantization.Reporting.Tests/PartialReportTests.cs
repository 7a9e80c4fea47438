using System.Text.Json;
using Quantization.Onnx;

namespace Quantization.Reporting.Tests;

public sealed class PartialReportTests
{
    private static QuantizationReport Report => ExamplePartialReport.Report;

    private static ReportPartial Partial => Report.Partial!;

    [Fact]
    public void The_facts_are_those_of_the_result()
    {
        PartialResult result = ExamplePartialReport.Result;

        Report.Quantized.Score.Should().Be(result.Written.Score.Score);
        Report.Baseline!.Score.Should().Be(result.Quantized.Score.Score);
        (Report.Data.CalibrationSamples, Report.Data.ScoringSamples, Report.Data.LabelledSamples).Should().Be((50, 200, 200));
        Partial.Threshold.Should().Be(result.Threshold);
        Partial.Written.IsWritten.Should().BeTrue();
        Partial.Written.FloatLayers.Should().NotBeEmpty().And.Equal(result.Written.FloatLayers);
        Partial.Curve.Select(point => point.Score).Should().Equal(result.Curve.Select(point => point.Score.Score));
        Partial.Curve.Count(point => point.IsWritten).Should().BeLessThanOrEqualTo(1);
        Partial.Layers.Select(layer => layer.Node).Should().Equal(result.Sensitivity.Layers.Select(layer => layer.Node));
        Partial.Layers.Where(layer => layer.State == ReportLayerState.Float).Select(layer => layer.Node).Should()
            .Equal(Partial.Written.FloatLayers);
        Partial.Layers.Should().OnlyContain(layer => (layer.State == ReportLayerState.Int8) == (layer.Reason == null)
            && (layer.State == ReportLayerState.Relieved) == (layer.Steps.Count > 0));
        Partial.Layers.Sum(layer => layer.ComputeShare).Should().BeApproximately(1, 1e-9);
        Partial.Layers.Where(layer => layer.State != ReportLayerState.Float).Sum(layer => layer.ComputeShare).Should()
            .BeApproximately(Partial.Written.Int8Share, 1e-9);
    }

    [Fact]
    public void Every_ranking_is_shown_with_its_cost_and_one_was_used()
    {
        SensitivityResult sensitivity = ExamplePartialReport.Result.Sensitivity;

        Partial.Rankings.Single(ranking => ranking.IsUsed).Should().Match<ReportRanking>(
            ranking => ranking.Measure == SensitivityMeasure.OnlyThisLayer
                && ranking.Criterion == SensitivityCriterion.SignalToNoise
                && ranking.Models == Partial.Layers.Count);
        Partial.Rankings.Select(ranking => ranking.Measure).Distinct().Should()
            .BeEquivalentTo([SensitivityMeasure.OnlyThisLayer, SensitivityMeasure.EstimatedNoise]);
        for (int i = 0; i < Partial.Rankings.Count; i++)
        {
            ReportRanking ranking = Partial.Rankings[i];
            SensitivityRanking measured = sensitivity.Rank(ranking.Measure, ranking.Criterion);
            ranking.CorrelationWithMetric.Should().Be(measured.CorrelationWithMetric);
            Partial.Layers.MaxBy(layer => layer.Sensitivities[i])!.Node.Should().Be(ranking.MostSensitive);
            Partial.Layers.Select(layer => layer.Sensitivities[i]).Order().Should()
                .Equal(measured.Layers.Select(layer => layer.Sensitivity).Order());
        }
    }

    [Fact]
    public void Json_comes_back_the_same()
    {
        string json = Report.ToJson();

        QuantizationReport.FromJson(json).ToJson().Should().Be(json);
        JsonElement partial = JsonDocument.Parse(json).RootElement.GetProperty("partial");
        partial.GetProperty("isTargetMet").GetBoolean().Should().Be(ExamplePartialReport.Result.IsTargetMet);
        partial.GetProperty("layers")[0].GetProperty("state").GetString().Should().Be(Partial.Layers[0].State.ToString());
        partial.GetProperty("curve").EnumerateArray().Last().GetProperty("signalToNoise").GetString().Should()
            .Be("Infinity", "the last point is the float model");
    }

    [Fact]
    public void The_words_tell_what_was_done_and_what_to_try_next()
    {
        string words = string.Join(" ", Report.Advice);

        words.Should()
            .Contain($"With all {Partial.Layers.Count} layers in int8, top-1 accuracy is {Figure.Percent(Partial.AllInt8.Score)}.")
            .And.Contain("left in float")
            .And.Contain($"The most sensitive layer is {Partial.Rankings.Single(ranking => ranking.IsUsed).MostSensitive}")
            .And.Contain("What to try next: nothing is needed.");
    }

    [Fact]
    public void A_target_that_was_not_met_is_said_with_what_would_help()
    {
        Advice reason = NextAdvice.CompareLayers(); // stands for any other
        QuantizationReport report = Report with { Partial = Partial with { IsTargetMet = false, Reason = reason } };
        PtqOptions options = new() { WeightFormat = CodeFormat.Signed(4), WeightGranularity = GranularityKind.PerTensor };

        ReportAdvice.Complete(report, options).Advice.Should()
            .Contain(reason).And.ContainSingle(advice => advice.Code == AdviceCode.NextAfterMissedTarget)
            .Which.Message.Should().StartWith("What to try next: allow a larger loss or more layers in float")
            .And.Contain("Weights of 8 bits").And.Contain("one scale per channel");
    }

    [Fact]
    public void The_page_shows_every_layer_point_and_measure()
    {
        string html = Report.ToHtml().Replace("<wbr>", "", StringComparison.Ordinal);

        foreach (string text in Partial.Layers.Select(layer => layer.Node).Concat(Partial.Rankings.Select(ranking => ranking.Name))
            .Concat(Partial.Layers.Select(layer => layer.Reason).OfType<string>()).Append(Partial.Reason.Message))
        {
            html.Should().Contain(System.Net.WebUtility.HtmlEncode(text));
        }

        foreach (ReportPartialPoint point in Partial.Curve)
        {
            html.Should().Contain($"<td class=\"n\">{Figure.Percent(point.Int8Share)}</td>");
        }

        html.Should().Contain("role=\"img\" aria-label=\"top-1 accuracy against share of the compute in int8, %: all layers in int8 give ")
            .And.Contain(
                $"aria-label=\"The {Partial.Layers.Count} layers in execution order: {Partial.Written.FloatLayers.Count} in float, ");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Points_that_cannot_be_drawn_and_flat_curves_do_no_harm(bool isFlat)
    {
        ReportPartialPoint point = isFlat
            ? Partial.Written
            : Partial.Written with { Score = double.PositiveInfinity, SignalToNoise = double.PositiveInfinity };
        ReportPartial odd = Partial with { Written = point, AllInt8 = Partial.Written, Curve = [point], Threshold =
            null, Layers = [Partial.Layers[0] with { ComputeShare = 0, Sensitivities = [.. Partial.Rankings.Select(_ => 0.0)] }] };

        (Report with { Partial = odd }).ToHtml().Should().Contain("Islands in float").And.NotContain("NaN");
    }
}
