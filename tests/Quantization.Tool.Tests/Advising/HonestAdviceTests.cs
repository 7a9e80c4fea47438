using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Quantization.Onnx;

namespace Quantization.Tool.Tests.Advising;

/// <summary>What the tool must and must not say of a run, in its real output.</summary>
public sealed class HonestAdviceTests
{
    private const string Usable = "This model can be used as it is", Lost = "points are lost",
        CannotTell = "The samples are too few to tell", Nothing = "No noticeable loss";

    private static readonly string[] Coarse = ["--weight-bits", "2", "--no-refine"];

    /// <summary>Situation, samples, labels, further arguments, what has to be said and what must not be.</summary>
    public static TheoryData<string, int, Labels, string[], string[], string[]> Situations => new()
    {
        { "labels right and many samples", 400, Labels.Right, [], [Nothing, Usable], ["Check the", CannotTell, Lost] },
        { "labels shuffled", 400, Labels.Shuffled, [], ["The float model itself is right for",
            "answers that have nothing to do with the labels", "arrays, taken as they are",
            "make the float model right first"], [Usable, Nothing, Lost, CannotTell] },
        {
        "all labels 0",
        200,
        Labels.Zero,
        [],
        ["labels name class 0", "make the float model right first"],
        [Usable, Nothing, Lost, CannotTell]
        },
        {
        "30 samples",
        40,
        Labels.Right,
        [],
        [CannotTell, "30 cannot show a loss of a point", "Both give the same class"],
        [Usable, Nothing, Lost]
        },
        {
        "two bits with labels",
        400,
        Labels.Right,
        Coarse,
        [Lost, "so their answers differ often", "Next: quantize partial", "--max-loss 0.01"],
        [Usable, Nothing, CannotTell]
        },
        { "two bits without labels", 60, Labels.None, Coarse, ["clearly different from the float model's",
            "The 60 samples that calibrated were measured too",
            "--metric agreement --max-loss 0.01"], [Usable, "near to the", "other samples"] },
        { "without labels and few samples", 4, Labels.None, [], ["measured on the same", "4 cannot show"], [Usable, "other sample"] },
    };

    /// <summary>What the label file says.</summary>
    public enum Labels
    {
        /// <summary>There is none.</summary>
        None,

        /// <summary>The truth.</summary>
        Right,

        /// <summary>The truth of other images.</summary>
        Shuffled,

        /// <summary>Class 0 for all.</summary>
        Zero,
    }

    [Theory]
    [MemberData(nameof(Situations))]
    public void The_tool_says_what_the_samples_can_show(
        string situation, int samples, Labels labels, string[] more, string[] said, string[] unsaid)
    {
        using FashionFolder folder = new(samples);
        string[] labelled = labels == Labels.None ? [] : ["--labels", Write(folder, labels)];

        ToolRun run = ToolRun.InProcess(["ptq", folder.Model, "--data", folder.Samples, .. labelled, "--output", folder.Output, "--report",
            folder["report.html"], .. more]);

        run.ExitCode.Should().Be(0, run.Error);
        string page = System.Net.WebUtility.HtmlDecode(File.ReadAllText(folder["report.html"]));
        run.Output.Should().Contain("Samples: arrays, taken as they are.", situation);
        foreach (string text in said)
        {
            run.Output.Should().Contain(text, situation);
        }

        foreach (string text in unsaid)
        {
            run.Output.Should().NotContain(text, situation);
            page.Should().NotContain(text, situation);
        }
    }

    [Fact]
    public void Inputs_that_are_not_prepared_as_the_model_was_trained_are_doubted_first()
    {
        using FashionFolder folder = new();
        foreach ((ModelSample sample, int i) in ImageSet.Scoring.Take(120).Select((sample, i) => (sample, i)))
        {
            float[] pixels = [.. MemoryMarshal.Cast<byte, float>(sample.Inputs[0].Data).ToArray().Select(value => 255 * (1 - value))];
            folder.Write(string.Create(CultureInfo.InvariantCulture, $"wrong/image{i:D4}.npy"), Npy.Float(pixels, 1, 28, 28));
        }

        ToolRun run = ToolRun.InProcess(
            "ptq", folder.Model, "--data", folder["wrong"], "--labels", folder.WriteLabels(120), "--output", folder.Output, "--json");

        run.ExitCode.Should().Be(0, run.Error);
        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        report.GetProperty("verdict").GetString().Should().Be("Doubtful");
        report.GetProperty("advice")[0].GetProperty("code").GetString().Should().BeOneOf("FloatNearChance", "FloatLowAccuracy");
        report.GetProperty("advice")[0].GetProperty("message").GetString().Should()
            .Contain("Check the").And.Contain("preprocessing (here: arrays, taken as they are)");
        report.GetProperty("advice").EnumerateArray().Select(advice => advice.GetProperty("code").GetString()).Should()
            .NotContain("NextNothing").And.NotContain("ReportAccuracy");
    }

    [Theory]
    [InlineData("0.99", 1, "cannot be met, because the float model itself has top-1 accuracy 0.")]
    [InlineData("92", 2, "--reach 92 is a figure of the metric, which is a share from 0 to 1; did you mean 0.92?")]
    public void A_target_that_the_float_model_misses_is_refused_before_any_trial(string reach, int exitCode, string message)
    {
        using FashionFolder folder = new(60);

        ToolRun run = ToolRun.InProcess(
            "partial", folder.Model, "--data", folder.Samples, "--labels", folder.WriteLabels(60), "--output", folder.Output, "--reach",
            reach);

        run.ExitCode.Should().Be(exitCode);
        run.ErrorLine.Should().Contain(message);
        run.Error.Should().NotContain("Ranking").And.NotContain("Improving").And.NotContain("Leaving layers");
        File.Exists(folder.Output).Should().BeFalse();
    }

    [Fact]
    public void A_loss_of_less_than_one_sample_is_told_to_ask_for_none()
    {
        using FashionFolder folder = new(40);

        ToolRun run = ToolRun.InProcess(
            "partial", folder.Model, "--data", folder.Samples, "--labels", folder.WriteLabels(40), "--output", folder.Output, "--max-loss",
            "0.005", "--float-only", "--max-trials", "0");

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("A loss of 0.005 is less than one of the 30 scoring samples, each of which counts 0.0333");
    }

    private static string Write(FashionFolder folder, Labels labels)
    {
        int[] classes = [.. ImageSet.Scoring.Take(folder.Images).Select(sample => sample.Label!.Value)];
        if (labels == Labels.Shuffled)
        {
            new Random(1).Shuffle(classes);
        }

        return folder.Write("labels.csv", string.Concat(classes.Select((label, i) =>
            string.Create(CultureInfo.InvariantCulture, $"image{i:D4}.npy,{(labels == Labels.Zero ? 0 : label)}\n"))));
    }
}
