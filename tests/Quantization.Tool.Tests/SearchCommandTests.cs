using System.Text.Json;
using Quantization.Onnx;

namespace Quantization.Tool.Tests;

public sealed class SearchCommandTests
{
    [Fact]
    public void The_best_model_and_a_report_are_written()
    {
        using FashionFolder folder = new(21);
        string labels = folder.WriteLabels(20);

        ToolRun run = ToolRun.InProcess(
            "search", folder.Model, "--data", folder.Samples, "--labels", labels, "--output", folder.Output, "--report",
            folder["report.html"], "--batch", "20");

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("Calibrated on 6 samples, scored on the 15 other samples by top-1 accuracy")
            .And.Contain("(kept)").And.Contain("The layer that loses most is")
            .And.Contain("The best plan was then refined on all samples, including 15 scoring samples, so figures on other "
                + "samples may be a little worse.")
            .And.Contain("What to try next:");
        run.Error.Should().Contain("Trying 12 combinations ...");
        File.ReadAllText(folder["report.html"]).Should().StartWith("<!DOCTYPE html>").And.Contain("In plain words")
            .And.Contain("The best plan was then refined on all samples, including 15 scoring samples")
            .And.NotContain("Samples that chose ranges were not used");
        folder.Files().Where(file => !file.StartsWith("samples", StringComparison.Ordinal)).Should()
            .Equal("labels.csv", "model.int8.onnx", "model.onnx", "report.html");
    }

    [Fact]
    public void Quiet_and_json_leave_nothing_but_json_and_a_kept_calibration_is_found_again()
    {
        using FashionFolder folder = new(8);
        string state = folder["kept.qcal"];
        (ISampleSource calibration, _) = SampleSplit.Deal(new SampleFolder(folder.Samples));
        ModelCalibrator.Calibrate(folder.Model, calibration).Save(state);
        byte[] kept = File.ReadAllBytes(state);

        ToolRun run = ToolRun.InProcess(
            "search", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--state", state, "--quiet", "--json", "--metric",
            "cosine");

        run.ExitCode.Should().Be(0, run.Error);
        run.Error.Should().BeEmpty();
        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        report.GetProperty("metric").GetString().Should().Be("cosine of the outputs");
        report.GetProperty("data").GetProperty("calibrationSamples").GetInt32().Should().Be(4);
        report.GetProperty("layers").GetArrayLength().Should().Be(21);
        File.ReadAllBytes(state).Should().Equal(kept);
    }

    [Theory]
    [InlineData("--metric top1 needs the samples' classes", "--metric", "top1")]
    [InlineData("--weight-bits '9' is not 2 to 8", "--weight-bits", "9")]
    public void Arguments_that_make_no_sense_are_said(string message, params string[] arguments)
    {
        using FashionFolder folder = new(4);

        ToolRun run = ToolRun.InProcess(["search", folder.Model, "--data", folder.Samples, "--output", folder.Output, .. arguments]);

        run.ExitCode.Should().Be(2);
        run.ErrorLine.Should().Contain(message);
        File.Exists(folder.Output).Should().BeFalse();
    }
}
