using System.Text.Json;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Reporting.Tests;

public sealed class QuantizationReportTests
{
    private static QuantizationReport Report => ExampleReport.Report;

    [Fact]
    public void The_facts_are_those_of_the_search()
    {
        SearchResult search = ExampleReport.Search;

        Report.Model.Should().Be("fashion-mobilenet.onnx");
        Report.ModelSha256.Should().Be(search.Calibration.ModelSha256);
        (Report.Data.CalibrationSamples, Report.Data.ScoringSamples, Report.Data.LabelledSamples).Should().Be((100, 400, 400));
        Report.Quantized.Top1.Should().Be(search.Best.Score.Top1);
        Report.Float.Top1.Should().Be(search.FloatScore.Top1);
        Report.Baseline!.Top1.Should().Be(search.Baseline.Score.Top1);
        Report.Quantized.Bytes.Should().Be(search.Model.OutputBytes);
        Report.Quantized.MedianMilliseconds.Should().BePositive();
        Report.Trials.Should().HaveCount(search.Trials.Count);
        Report.Trials.Single(trial => trial.IsBest).Name.Should().Be(search.Best.Name);
        Report.Int8Operators.Should().Equal(search.Model.Int8Operators);
    }

    [Fact]
    public void Histograms_hold_every_value_but_the_zeros_and_ranges_are_the_models()
    {
        Report.Tensors.Should().HaveCount(ExampleReport.Search.Calibration.Activations.Count);
        foreach (ReportTensor tensor in Report.Tensors)
        {
            TensorStatistics seen = ExampleReport.Search.Calibration.Activations[tensor.Name];
            tensor.Histogram.Sum().Should().Be(seen.Count - seen.ZeroCount);
            new ValueRange(tensor.RangeMin, tensor.RangeMax).Should().Be(ExampleReport.Search.Model.Activations[tensor.Name].Range);
            tensor.OtherRanges.Select(range => range.Calibrator).Should().NotContain(tensor.Calibrator);
        }
    }

    [Fact]
    public void The_shares_of_noise_are_those_of_powers_and_sum_to_one()
    {
        Report.Layers.Where(layer => layer.NoiseShare is not null).Sum(layer => layer.NoiseShare!.Value).Should().BeApproximately(1, 1e-9);
        LayerNoise[] measured = [.. ExampleReport.Layers.Where(layer => layer.OwnSignalToNoise is not null)];
        double first = Report.Layers.Single(layer => layer.Node == measured[0].Node).NoiseShare!.Value;
        double second = Report.Layers.Single(layer => layer.Node == measured[1].Node).NoiseShare!.Value;
        (10 * Math.Log10(first / second)).Should()
            .BeApproximately(measured[1].OwnSignalToNoise!.Value - measured[0].OwnSignalToNoise!.Value, 1e-9);
    }

    [Fact]
    public void Json_comes_back_the_same()
    {
        string json = Report.ToJson();

        QuantizationReport.FromJson(json).ToJson().Should().Be(json);
        JsonElement root = JsonDocument.Parse(json).RootElement;
        root.GetProperty("quantized").GetProperty("top1").GetDouble().Should().Be(Report.Quantized.Top1);
        root.GetProperty("trials")[0].GetProperty("weightGranularity").GetString().Should().Be("PerChannel");
    }

    [Fact]
    public void Infinite_ratios_survive_json()
    {
        QuantizationReport exact = Report with { Quantized = Report.Quantized with { SignalToNoise = double.PositiveInfinity } };

        QuantizationReport.FromJson(exact.ToJson()).Quantized.SignalToNoise.Should().Be(double.PositiveInfinity);
        exact.ToHtml().Should().Contain("exact");
    }

    [Fact]
    public void The_worst_layer_and_the_next_step_are_named()
    {
        ReportLayer worst = Report.Layers.MaxBy(layer => layer.NoiseShare ?? 0)!;

        string words = string.Join(" ", Report.Advice);

        words.Should()
            .Contain($"The layer that loses most is {worst.Node}").And.Contain("What to try next:").And.Contain("plain quantization");
    }

    [Theory]
    [InlineData(0.90, 0.90, 0.6, "nothing is needed")]
    [InlineData(0.90, 0.80, 0.6, "leave culprit in float")]
    [InlineData(0.90, 0.80, 0.1, "the noise comes from many layers")]
    public void The_next_step_fits_the_loss_and_how_the_noise_is_spread(double before, double after, double share, string expected)
    {
        QuantizationReport report = Report with
        {
            Float = Report.Float with { Top1 = before },
            Quantized = Report.Quantized with { Top1 = after, Agreement = after == before ? 1 : 0.8 },
            Data = Report.Data with { LabelledSamples = 4000 },
            Layers =
            [
                new ReportLayer("culprit", "Conv", 20, 20, share),
                .. Enumerable.Range(0, 12).Select(i => new ReportLayer($"other {i}", "Conv", 20, 30, (1 - share) / 12))
            ],
        };

        ReportAdvice.Complete(report, new PtqOptions()).Advice.Should()
            .ContainSingle(advice => advice.Message.StartsWith("What to try next:")).Which.Message.Should().Contain(expected);
    }

    [Theory]
    [InlineData(8, GranularityKind.PerChannel, "gains little. Leave as few layers in float as a target needs")]
    [InlineData(
        4,
        GranularityKind.PerChannel,
        "gains little. Weights of 8 bits instead of fewer would help most. Otherwise leave as few layers in float as a target needs")]
    [InlineData(8, GranularityKind.PerTensor, "gains little. Weights with one scale per channel would help (PtqOptions.WeightGranularity). "
        + "Otherwise leave as few layers in float as a target needs")]
    public void Advice_is_made_of_whole_sentences(int bits, GranularityKind granularity, string expected)
    {
        QuantizationReport report = Report with
        {
            Float = Report.Float with { Top1 = 0.9 },
            Quantized = Report.Quantized with { Top1 = 0.8 },
            Layers = [.. Enumerable.Range(0, 12).Select(i => new ReportLayer($"layer {i}", "Conv", 20, 30, 1.0 / 12))],
        };
        PtqOptions options = new() { WeightFormat = CodeFormat.Signed(bits), WeightGranularity = granularity };

        ReportAdvice.Complete(report, options).Advice.Should()
            .ContainSingle(advice => advice.Message.StartsWith("What to try next:")).Which.Message.Should().Contain(expected);
    }

    [Fact]
    public void A_quantization_without_search_or_measurements_has_a_report_too()
    {
        using TemporaryFolder folder = new();
        PtqOptions options = new();
        PtqResult quantized = PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, folder.PathTo("int8.onnx"), options);

        QuantizationReport report = QuantizationReport.Create(
            FashionExample.ModelPath, quantized, options, FashionExample.Calibration, null, []);

        report.SaveHtml(folder.PathTo("report.html"));
        report.SaveJson(folder.PathTo("report.json"));
        File.ReadAllText(folder.PathTo("report.html")).Should().Contain("Nothing was measured").And.NotContain("Calibrators compared");
        QuantizationReport.FromJson(File.ReadAllText(folder.PathTo("report.json"))).Trials.Should().BeEmpty();
        folder.Entries.Should().Equal("int8.onnx", "report.html", "report.json");
    }

    [Fact]
    public void A_report_that_cannot_be_written_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.PathTo("report.html"));

        FluentActions.Invoking(() => Report.SaveHtml(folder.PathTo("report.html"))).Should()
            .Throw<IOException>().WithMessage("*report.html: cannot write here, this is a folder; name a file in it.");
        folder.Entries.Should().Equal("report.html");
    }
}
