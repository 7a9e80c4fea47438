using Quantization.Onnx;

namespace Quantization.Reporting.Tests;

/// <summary>What a report must and must not say, situation by situation.</summary>
public sealed class VerdictTests
{
    private const string Usable = "This model can be used as it is", Nothing = "No noticeable loss", Lost = "points are lost",
        CannotTell = "The samples are too few to tell";

    /// <summary>
    /// Situation, float's accuracy, the other's, agreement, samples, accuracy of chance, the verdict, what is said and what is not.
    /// </summary>
    public static TheoryData<string, double, double, double, int, double, ReportVerdict, string[], string[]> Labelled => new()
    {
        { "nothing lost on many samples", 0.925, 0.925, 0.99, 5000, 0.1, ReportVerdict.Good, [Nothing, "at most 0.2",
            Usable], [CannotTell, Lost] },
        { "nothing lost on 30 samples", 0.9, 0.9, 1, 30, 0.1, ReportVerdict.Unclear, [CannotTell,
            "measure on more samples"], [Usable, Nothing, Lost] },
        { "one of 150 samples lost", 0.94, 0.9333, 0.99, 150, 0.1, ReportVerdict.Unclear, [CannotTell], [Usable, Nothing,
            "0.67 points are lost"] },
        { "better by chance", 0.925, 0.93, 0.97, 400, 0.1, ReportVerdict.Unclear, ["A gain of this size can be chance",
            CannotTell], [Usable, Nothing] },
        { "better beyond chance", 0.85, 0.88, 0.95, 5000, 0.1, ReportVerdict.Good, ["do not expect it on other samples"], [Lost] },
        { "agreement of 0.7 with the same accuracy", 0.8, 0.8, 0.7, 50000, 0.1, ReportVerdict.Lossy,
            [
                "Both give the same class for 70.00 %, so their answers differ often"
            ], [Usable, Nothing] },
        { "a clear loss", 0.925, 0.80, 0.82, 2000, 0.1, ReportVerdict.Lossy, ["12.50 points are lost",
            "between"], [Usable, Nothing, CannotTell] },
        { "half a point lost on many samples", 0.925, 0.92, 0.99, 50000, 0.1, ReportVerdict.Lossy, ["0.50 points are lost"],
        [Usable, Nothing] },
        { "labels that have nothing to do with the answers", 0.105, 0.108, 0.99, 400, 0.1, ReportVerdict.Doubtful,
            [
                "answers that have nothing to do with the labels",
                "make the float model right first",
                "here: arrays"
            ], [Usable, Nothing, Lost, CannotTell] },
        { "bytes instead of shares", 0.3547, 0.35, 0.98, 2000, 0.1, ReportVerdict.Doubtful, ["is right for only 35.47 %",
            "preprocessing (here: arrays)"], [Usable, Nothing, Lost] },
        { "a hard task with many classes", 0.70, 0.70, 0.995, 50000, 0.001, ReportVerdict.Good, [Nothing], ["Check the"] },
        { "three samples, all wrong", 0, 0, 1, 3, 0.1, ReportVerdict.Unclear, [CannotTell], [Usable, "Check the"] },
    };

    /// <summary>Situation, noise, agreement, samples, whether they calibrated too, the verdict, what is said and what is not.</summary>
    public static TheoryData<string, double, double?, int, SampleSets, ReportVerdict, string[], string[]> Unlabelled => new()
    {
        { "low noise", 38, 1.0, 400, SampleSets.Apart, ReportVerdict.Good, ["very near", Usable, "99.0 to 100.0 %"], ["measured too"] },
        { "low noise on the samples that calibrated", 38, 1.0, 400, SampleSets.Shared, ReportVerdict.Good,
            [
                "samples that calibrated were measured too"
            ], ["No sample did both"] },
        { "low noise on 4 samples", 38, 1.0, 4, SampleSets.Unknown, ReportVerdict.Unclear, ["4 cannot show"], [Usable,
            "No sample did both"] },
        { "agreement of 0.71 above 20 dB", 22, 0.71, 1000, SampleSets.Apart, ReportVerdict.Lossy, ["clearly different",
            "71.00 %"], [Usable, "near to the float"] },
        { "high noise", 8, 0.9, 1000, SampleSets.Apart, ReportVerdict.Lossy, ["clearly different"], [Usable] },
        { "no classes", 35, null, 100, SampleSets.Apart, ReportVerdict.Good, ["very near"], ["same class"] },
        { "no classes and some noise", 24, null, 100, SampleSets.Apart, ReportVerdict.Lossy, [], [Usable] },
    };

    [Theory]
    [MemberData(nameof(Labelled))]
    public void With_labels(
        string situation, double before, double after, double agreement, int samples, double chance, ReportVerdict verdict, string[] said,
        string[] unsaid)
    {
        QuantizationReport report = Plain with
        {
            Float = Plain.Float with { Top1 = before },
            Quantized = Plain.Quantized with { Top1 = after, Agreement = agreement, SignalToNoise = 25 },
            Data = new ReportData(500, samples, samples, "")
            {
                Preprocessing = "arrays",
                Classes = new ClassCounts(samples, 10, 3, samples / 5, samples, 10, 2, chance),
                Sets = SampleSets.Apart
            },
        };

        Check(situation, report, verdict, said, unsaid);
    }

    [Theory]
    [MemberData(nameof(Unlabelled))]
    public void Without_labels(
        string situation, double ratio, double? agreement, int samples, SampleSets sets, ReportVerdict verdict, string[] said,
        string[] unsaid)
    {
        QuantizationReport report = Plain with
        {
            Float = Plain.Float with { Top1 = null },
            Quantized = Plain.Quantized with { Top1 = null, Agreement = agreement, SignalToNoise = ratio },
            Data = new ReportData(500, samples, 0, "") { Sets = sets },
        };

        Check(situation, report, verdict, said, unsaid);
    }

    [Fact]
    public void One_answer_for_nearly_all_samples_is_doubted_and_one_label_too()
    {
        QuantizationReport report = Plain with
        {
            Float = Plain.Float with { Top1 = null },
            Quantized = Plain.Quantized with { Top1 = null, Agreement = 1, SignalToNoise = 40 }
        };
        ReportData data = new(100, 100, 0, "");

        Check(
            "one answer",
            report with { Data = data with { Classes = new ClassCounts(100, 2, 8, 98, 0, 0, 0, 0) } },
            ReportVerdict.Doubtful,
            ["answers class 8 for 98 of 100 samples", "correct the preprocessing first"],
            [Usable]);
        Check(
            "several answers",
            report with { Data = data with { Classes = new ClassCounts(100, 9, 8, 30, 0, 0, 0, 0) } },
            ReportVerdict.Good,
            [Usable],
            ["answers class"]);
        Check(
            "one label",
            report with { Data = data with { LabelledSamples = 100, Classes = new ClassCounts(100, 9, 8, 30, 100, 1, 0, 0.1) } },
            ReportVerdict.Doubtful,
            ["All 100 labels name class 0"],
            [Usable]);
    }

    [Fact]
    public void A_later_version_of_the_form_is_refused()
    {
        string json = (Plain with { SchemaVersion = 2 }).ToJson();

        FluentActions.Invoking(() => QuantizationReport.FromJson(json)).Should()
            .Throw<System.Text.Json.JsonException>().WithMessage("*version 2*");
    }

    /// <summary>A report of one model that was quantized without a search.</summary>
    private static QuantizationReport Plain =>
        ExampleReport.Report with { Metric = null, Reason = null, Baseline = null, Trials = [], Layers = [], Warnings = [] };

    private static void Check(string situation, QuantizationReport report, ReportVerdict verdict, string[] said, string[] unsaid)
    {
        QuantizationReport complete = ReportAdvice.Complete(report, new PtqOptions());
        string page = System.Net.WebUtility.HtmlDecode(complete.ToHtml()), json = complete.ToJson(),
            words = string.Join(" ", complete.Advice);

        complete.Verdict.Should().Be(verdict, situation);
        foreach (string text in said)
        {
            words.Should().Contain(text, situation);
            page.Should().Contain(text, situation);
        }

        foreach (string text in unsaid)
        {
            words.Should().NotContain(text, situation);
            page.Should().NotContain(text, situation);
            json.Should().NotContain(text, situation);
        }
    }
}
