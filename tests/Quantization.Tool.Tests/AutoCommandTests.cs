using System.Text.Json;

namespace Quantization.Tool.Tests;

public sealed class AutoCommandTests
{
    [Fact]
    public void The_table_the_front_the_winner_and_why_each_other_lost()
    {
        using FashionFolder folder = new(40);
        string labels = folder.WriteLabels(40);

        ToolRun run = ToolRun.InProcess(
            "auto", folder.Model, "--data", folder.Samples, "--labels", labels, "--max-bytes", "0.35", "--max-loss", "0.3", "-o",
            folder.Output, "--report", folder["report.html"]);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("Calibrated on 10 samples, scored on the 30 other samples by top-1 accuracy; 5 models tried.")
            .And.Contain("Pareto front").And.Contain("int8, static (written)").And.Contain("Picked int8, static.")
            .And.Contain("Not float16: It takes ").And.Contain("are allowed.").And.Contain($"Wrote {folder.Output}: ");
        run.Output.Split('\n').Count(line => line.StartsWith("Not ", StringComparison.Ordinal)).Should().Be(4);
        string[] steps = [.. run.Error.Split('\n').Where(line => line.TrimEnd().EndsWith(" ...", StringComparison.Ordinal))];
        steps.Should().OnlyHaveUniqueItems();
        File.ReadAllText(folder["report.html"]).Should().StartWith("<!DOCTYPE html>");
        folder.Files().Where(file => !file.StartsWith("samples", StringComparison.Ordinal)).Should()
            .Equal("labels.csv", "model.int8.onnx", "model.onnx", "report.html");
    }

    [Fact]
    public void What_nothing_meets_is_said_and_nothing_is_written()
    {
        using FashionFolder folder = new(8);

        ToolRun run = ToolRun.InProcess(
            "auto", folder.Model, "--data", folder.Samples, "--max-bytes", "1KB", "-o", folder["new/model.int8.onnx"]);

        run.ExitCode.Should().Be(3);
        run.ErrorLine.Should().StartWith("Leave the model as it is: no way of quantizing gives a model of at most 1.0 KB. The nearest is ");
        run.Output.Should().Contain("Not int8, static: It takes ").And.NotContain("Wrote");
        folder.Files().Where(file => !file.StartsWith("samples", StringComparison.Ordinal)).Should().Equal("model.onnx");
    }

    [Fact]
    public void Without_data_it_says_what_generated_inputs_do_not_tell()
    {
        using FashionFolder folder = new(1);

        ToolRun run = ToolRun.InProcess("auto", folder.Model, "--max-bytes", "0.95", "-o", folder.Output, "--quiet");

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().StartWith("Tried on generated inputs, which show speed and size but not accuracy")
            .And.Contain("Picked float16.").And.NotContain("static");
        File.Exists(folder.Output).Should().BeTrue();
    }

    [Fact]
    public void Json_has_the_whole_table_and_a_kept_state_makes_the_next_run_short()
    {
        using FashionFolder folder = new(16);
        string state = folder["kept.qcal"];
        ToolRun Run(string most) => ToolRun.InProcess(
            "auto", folder.Model, "--data", folder.Samples, "--state", state, "--max-bytes", most, "--json", "--quiet", "-o",
            folder.Output);

        ToolRun first = Run("0.4"), second = Run("0.5");

        first.ExitCode.Should().Be(0, first.Error);
        first.Error.Should().BeEmpty();
        JsonElement facts = JsonDocument.Parse(second.Output).RootElement;
        facts.GetProperty("chosen").GetString().Should().BeOneOf("StaticInt8", "Half");
        facts.GetProperty("candidates").GetArrayLength().Should().Be(5);
        double Score(ToolRun run) =>
            JsonDocument.Parse(run.Output).RootElement.GetProperty("candidates")[0].GetProperty("score").GetDouble();
        Score(second).Should().Be(Score(first));
        File.Exists(state).Should().BeTrue();
        File.Exists(state + ".trials").Should().BeTrue();
    }

    [Theory]
    [InlineData("--max-loss '-1' is not 0 or more, such as 0.005.", "--max-loss", "-1")]
    [InlineData("--max-bytes '0' is no size, such as 0.3 of the float model's or 500MB.", "--max-bytes", "0")]
    [InlineData("--max-latency 'fast' is not a number above 0, such as 0.5.", "--max-latency", "fast")]
    [InlineData(
        "--max-loss needs a metric that is finite for the float model, but without labels models are ranked by SQNR", "--max-loss", "0.01")]
    [InlineData(
        "--max-loss needs a metric that is finite for the float model, but its SQNR is infinite", "--max-loss", "0.01", "--metric", "sqnr")]
    public void Arguments_that_make_no_sense_are_said(string message, params string[] arguments)
    {
        using FashionFolder folder = new(4);

        ToolRun run = ToolRun.InProcess(["auto", folder.Model, "--data", folder.Samples, "-o", folder.Output, .. arguments]);

        run.ExitCode.Should().Be(2);
        run.ErrorLine.Should().StartWith(message);
        File.Exists(folder.Output).Should().BeFalse();
    }

    [Theory]
    [InlineData("--max-loss needs samples", "--max-loss", "0.01")]
    [InlineData("--metric needs samples", "--metric", "agreement")]
    [InlineData("--state needs samples", "--state", "a.qcal")]
    public void What_needs_samples_asks_for_them(string message, params string[] arguments)
    {
        using FashionFolder folder = new(1);

        ToolRun run = ToolRun.InProcess(["auto", folder.Model, "-o", folder.Output, .. arguments]);

        run.ExitCode.Should().Be(2);
        run.ErrorLine.Should().StartWith(message);
    }
}
