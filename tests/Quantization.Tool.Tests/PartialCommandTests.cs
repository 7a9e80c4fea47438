using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Quantization.Onnx;

namespace Quantization.Tool.Tests;

public sealed class PartialCommandTests
{
    private static readonly string[] FourBits = ["--weight-bits", "4", "--per-tensor"];

    [Fact]
    public void The_model_and_a_report_are_written_and_every_layer_in_float_is_told_with_its_reason()
    {
        using FashionFolder folder = new(40);

        ToolRun run = ToolRun.InProcess(
            [.. Arguments(folder, "--max-loss", "0.1"), .. FourBits, "--float-only", "--report", folder["report.html"], "--measure",
                "only-this", "--measure", "statistics", "--verbose"]);

        run.ExitCode.Should().Be(0, run.Error);
        string[] inFloat = [.. run.Output.Split('\n').Where(line => line.StartsWith("In float: ", StringComparison.Ordinal))];
        inFloat.Should().NotBeEmpty().And.OnlyContain(line => line.Contains("% of the compute). Without this, top-1 accuracy would be "));
        run.Output.Should()
            .Contain("Calibrated on 10 samples, scored on the 30 other samples by top-1 accuracy, 16 of them ranked the layers")
            .And.Contain("The target of a loss of at most 0.1 is met")
            .And.MatchRegex($@"int8, partial \(written\) .* {inFloat.Length} ")
            .And.Contain("estimated from statistics, noise to signal")
            .And.Contain("only this layer in int8, SQNR of the outputs (used)");
        run.Error.Should()
            .Contain("Ranking the layers ...").And.Contain("Leaving layers in float ...").And.NotContain("Trying to make layers");
        File.ReadAllText(folder["report.html"]).Should().StartWith("<!DOCTYPE html>").And.Contain("Islands in float");
        folder.Files().Where(file => !file.StartsWith("samples", StringComparison.Ordinal)).Should()
            .Equal("labels.csv", "model.int8.onnx", "model.onnx", "report.html");
    }

    [Fact]
    public void A_target_that_cannot_be_met_leaves_the_best_model_and_exit_code_3()
    {
        using FashionFolder folder = new(24);

        ToolRun run = ToolRun.InProcess(
            "partial", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--reach", "200", "--max-float-layers", "1",
            "--float-only", "--json", "--quiet");

        run.ExitCode.Should().Be(3, run.Error);
        run.ErrorLine.Should().StartWith("The target of a figure of 200 was not met with at most 1 layers in float. The best that was "
            + "reached was written: SQNR of the outputs ");
        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        report.GetProperty("partial").GetProperty("isTargetMet").GetBoolean().Should().BeFalse();
        report.GetProperty("quantized").GetProperty("bytes").GetInt64().Should().Be(new FileInfo(folder.Output).Length);
    }

    [Fact]
    public void Budgets_that_cannot_be_met_together_are_told_with_the_nearest_model()
    {
        using FashionFolder folder = new(24);

        ToolRun met = ToolRun.InProcess(
            [.. Arguments(folder, "--max-loss", "0.3"), "--max-bytes", "0.9", "--max-latency", "50", "--quiet"]);
        ToolRun missed = ToolRun.InProcess([.. Arguments(folder, "--max-loss", "0.3"), "--max-bytes", "1000", "--quiet"]);

        met.ExitCode.Should().Be(0, met.Error);
        missed.ExitCode.Should().Be(3);
        missed.ErrorLine.Should().StartWith("No model was found that has top-1 accuracy ")
            .And.Contain(", 1.0 KB together. The nearest was written, which misses the size: top-1 accuracy ");
        File.Exists(folder.Output).Should().BeTrue();
    }

    [Fact]
    public void A_limit_of_trials_ends_the_search_and_is_told()
    {
        using FashionFolder folder = new(24);

        ToolRun run = ToolRun.InProcess([.. Arguments(folder, "--max-loss", "0.1"), .. FourBits, "--float-only", "--max-trials", "0"]);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("The target of a loss of at most 0.1 is met")
            .And.Contain("The search was stopped by the limit of 0 trials, --max-trials; with more it may find a better set.");
        run.Output.Split("stopped by the limit").Should().HaveCount(2, "it is told once");
    }

    [Fact]
    public void With_a_kept_state_another_run_tries_nothing_twice()
    {
        using FashionFolder folder = new(24);
        string[] arguments = [.. Arguments(folder, "--max-loss", "0.1"), .. FourBits, "--state", folder["kept.qcal"], "--json", "--quiet"];

        ToolRun first = ToolRun.InProcess(arguments);
        byte[] model = File.ReadAllBytes(folder.Output);
        ToolRun second = ToolRun.InProcess(arguments);

        (first.ExitCode, second.ExitCode).Should().Be((0, 0), first.Error + second.Error);
        (int Run, int Resumed) = Models(second);
        Run.Should().Be(0);
        Resumed.Should().Be(Models(first).Run);
        File.ReadAllBytes(folder.Output).Should().Equal(model);
        folder.Files().Should().Contain(["kept.qcal", "kept.qcal.trials"]);
    }

    [Fact]
    public void Ctrl_C_leaves_the_earlier_model_and_what_the_next_run_goes_on_from()
    {
        Assert.SkipWhen(
            OperatingSystem.IsWindows(), "Windows has no signal to send to one process alone; run this test on Linux or macOS.");
        using FashionFolder folder = new(40);
        folder.Write("model.int8.onnx", "earlier");
        string[] arguments = [.. Arguments(folder, "--max-loss", "0.1"), .. FourBits];

        ToolRun interrupted = ToolRun.AsProcess(folder.Path, new Dictionary<string, string>(), Interrupt, arguments);

        interrupted.ExitCode.Should().Be(130, interrupted.Error);
        interrupted.ErrorLine.Should().Be($"cancelled; no model was written. {folder.Output}.qcal and {folder.Output}.trials hold what was "
            + "done so far: the same command goes on from there.");
        File.ReadAllText(folder.Output).Should().Be("earlier");
        folder.Files().Where(file => !file.StartsWith("samples", StringComparison.Ordinal)).Should()
            .Equal("labels.csv", "model.int8.onnx", "model.int8.onnx.qcal", "model.int8.onnx.trials", "model.onnx");

        ToolRun resumed = ToolRun.InProcess([.. arguments, "--json", "--quiet"]);

        resumed.ExitCode.Should().Be(0, resumed.Error);
        Models(resumed).Resumed.Should().BePositive();
        folder.Files().Should().NotContain(["model.int8.onnx.qcal", "model.int8.onnx.trials"]);

        // As soon as the first score of a layer is kept: many layers are still to be scored then, so that even a slow machine sends the
        // signal in time.
        void Interrupt(Process process, string line)
        {
            if (line.StartsWith("Ranking the layers", StringComparison.Ordinal))
            {
                FileInfo trials = new(folder.Output + ".trials");
                SpinWait.SpinUntil(() => { trials.Refresh(); return process.HasExited || (trials.Exists && trials.Length > 0); });
                using Process kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
                kill.WaitForExit();
            }
        }
    }

    [Fact]
    public void A_cancelled_search_tells_what_it_keeps_too()
    {
        using FashionFolder folder = new(8);
        ModelCalibrator.Calibrate(folder.Model, SampleSplit.Deal(new SampleFolder(folder.Samples)).Calibration).Save(folder["kept.qcal"]);

        ToolRun run = ToolRun.Cancelled(
            "search", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--state", folder["kept.qcal"]);

        run.ExitCode.Should().Be(130);
        run.ErrorLine.Should()
            .Be($"cancelled; no model was written. {folder["kept.qcal"]} holds what was done so far: the same command goes on from there.");
    }

    [Fact]
    public void Within_a_latency_the_times_are_told()
    {
        using FashionFolder folder = new(24);

        ToolRun run = ToolRun.InProcess(
            [.. Arguments(folder, "--max-latency", "50"), "--float-only", "--metric", "agreement", "--ranking-samples", "4"]);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().MatchRegex(@"The best that was found within at most 50 times the int8 latency: .* times the int8 latency\.")
            .And.Contain("4 of them ranked the layers");
    }

    [Fact]
    public void A_node_that_is_to_stay_in_float_must_exist()
    {
        using FashionFolder folder = new(8);

        ToolRun run = ToolRun.InProcess([.. Arguments(folder, "--max-loss", "0.1"), "--float-node", "nobody"]);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().Contain("nobody");
        folder.Files().Where(file => !file.StartsWith("samples", StringComparison.Ordinal)).Should().Equal("labels.csv", "model.onnx");
    }

    [Theory]
    [InlineData("", "say what to reach: --max-loss 0.005, --reach FIGURE or --max-latency 1.5.")]
    [InlineData("--max-loss 0.1 --reach 2", "--max-loss and --reach exclude each other; give one of them.")]
    [InlineData("--max-bytes 0.5", "say what to reach: --max-loss 0.005, --reach FIGURE or --max-latency 1.5.")]
    [InlineData("--reach 30 --max-bytes small", "--max-bytes 'small' is no size, such as 0.3 of the float model's or 500MB.")]
    [InlineData("--max-loss -1", "--max-loss '-1' is not 0 or more, such as 0.005.")]
    [InlineData("--max-loss 0,5", "--max-loss '0,5' is not 0 or more, such as 0.005.")]
    [InlineData("--max-latency 0.9", "--max-latency '0.9' is not 1 or more, such as 1.5.")]
    [InlineData("--reach NaN", "--reach 'NaN' is not a number, such as 0.9.")]
    [InlineData("--max-loss 0.1", "--max-loss needs a metric that is finite for the float model, but its SQNR is infinite*")]
    [InlineData("--max-loss 0.1 --metric top1", "--metric top1 needs the samples' classes*")]
    [InlineData("--reach 30 --max-float-layers -1", "--max-float-layers '-1' is no whole number from 0 up.")]
    [InlineData("--reach 30 --max-trials -1", "--max-trials '-1' is no whole number from 0 up.")]
    [InlineData("--reach 30 --measure best", "--measure 'best' is none of *")]
    [InlineData("--reach 30 --ranking-samples 0", "--ranking-samples '0' is no whole number from 1 up.")]
    [InlineData("--reach 30 --state model.onnx", "--state model.onnx would write over model.onnx; name another file, such as model.qcal.")]
    [InlineData("--reach 30 --report o.onnx", "--report o.onnx is the int8 model's file; name another, such as report.html.")]
    public void Arguments_that_make_no_sense_are_said(string arguments, string message)
    {
        ToolRun run = ToolRun.InProcess(
            [
                .. "partial model.onnx --data samples --output o.onnx".Split(' '),
                .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            ]);

        run.ExitCode.Should().Be(2);
        run.ErrorLine.Should().Match(message);
        run.Output.Should().BeEmpty();
    }

    private static string[] Arguments(FashionFolder folder, params string[] target) =>
        ["partial", folder.Model, "--data", folder.Samples, "--labels", folder.WriteLabels(folder.Images), "--output", folder.Output,
            "--batch", "20", .. target];

    private static (int Run, int Resumed) Models(ToolRun run)
    {
        JsonElement partial = JsonDocument.Parse(run.Output).RootElement.GetProperty("partial");
        return (partial.GetProperty("modelsRun").GetInt32(), partial.GetProperty("modelsResumed").GetInt32());
    }
}
