namespace Quantization.Tool.Tests;

/// <summary><c>calibrate</c>, <c>merge</c> and <c>ptq --state</c>.</summary>
public sealed class StateCommandsTests
{
    [Fact]
    public void Merged_shards_are_the_same_file_as_one_run_over_all_the_data()
    {
        using FashionFolder folder = new(7);
        folder.WriteImages("shard1", 0, 3);
        folder.WriteImages("shard2", 3, 4);

        Succeeds("calibrate", folder.Model, "--data", folder.Samples, "--state", folder["whole.qcal"]).Should()
            .StartWith($"Wrote {folder["whole.qcal"]}: 7 samples, ");
        Succeeds("calibrate", folder.Model, "--data", folder["shard1"], "--state", folder["a.qcal"]);
        Succeeds("calibrate", folder.Model, "--data", folder["shard2"], "--state", folder["b.qcal"]);
        Succeeds("merge", folder["b.qcal"], folder["a.qcal"], "--state", folder["all.qcal"]).Should()
            .StartWith($"Wrote {folder["all.qcal"]}: 7 samples, ");

        File.ReadAllBytes(folder["all.qcal"]).Should().Equal(File.ReadAllBytes(folder["whole.qcal"]));
    }

    [Fact]
    public void Quantizing_from_a_state_gives_the_same_model_as_from_the_data()
    {
        using FashionFolder folder = new();
        Succeeds("calibrate", folder.Model, "--data", folder.Samples, "--state", folder["a.qcal"]);

        Succeeds("ptq", folder.Model, "--data", folder.Samples, "--output", folder["from-data.onnx"], "--calibrator", "percentile");
        string output = Succeeds(
            "ptq", folder.Model, "--state", folder["a.qcal"], "--output", folder["from-state.onnx"], "--calibrator", "percentile");

        output.Should().Contain($"Calibrated with Percentile 99.99 from {folder["a.qcal"]}; nothing was measured");
        File.ReadAllBytes(folder["from-state.onnx"]).Should().Equal(File.ReadAllBytes(folder["from-data.onnx"]));
    }

    [Fact]
    public void With_a_state_all_labelled_samples_score()
    {
        using FashionFolder folder = new(6);
        Succeeds("calibrate", folder.Model, "--data", folder.Samples, "--state", folder["a.qcal"]);

        Succeeds(
            "ptq", folder.Model, "--state", folder["a.qcal"], "--data", folder.Samples, "--labels", folder.WriteLabels(6), "--output",
            folder.Output, "--batch", "3")
            .Should().Contain("measured on 6 samples").And.MatchRegex(@"FP32 +│ +\d+\.\d\d % │");
    }

    [Fact]
    public void A_state_of_another_model_is_refused()
    {
        using FashionFolder folder = new();
        Succeeds("calibrate", folder.Model, "--data", folder.Samples, "--state", folder["a.qcal"]);
        string other = folder.Write("other.onnx", [.. File.ReadAllBytes(folder.Model), 0x10, 0x01]);
        string[] before = folder.Files();

        ToolRun run = ToolRun.InProcess("ptq", other, "--state", folder["a.qcal"], "--output", folder.Output);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().StartWith($"{other}: the calibration was made from another model");
        folder.Files().Should().Equal(before);
    }

    [Fact]
    public void States_of_different_models_do_not_merge()
    {
        using FashionFolder folder = new();
        string other = folder.Write("other.onnx", [.. File.ReadAllBytes(folder.Model), 0x10, 0x01]);
        Succeeds("calibrate", folder.Model, "--data", folder.Samples, "--state", folder["a.qcal"]);
        Succeeds("calibrate", other, "--data", folder.Samples, "--state", folder["b.qcal"]);
        byte[] before = File.ReadAllBytes(folder["a.qcal"]);
        string[] files = folder.Files();

        ToolRun run = ToolRun.InProcess("merge", folder["a.qcal"], folder["b.qcal"], "--state", folder["a.qcal"]);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().StartWith($"{folder["b.qcal"]}: The calibrations were made from different models");
        folder.Files().Should().Equal(files);
        File.ReadAllBytes(folder["a.qcal"]).Should().Equal(before);
    }

    [Theory]
    [InlineData("ptq")]
    [InlineData("merge")]
    public void A_damaged_state_is_refused(string command)
    {
        using FashionFolder folder = new();
        Succeeds("calibrate", folder.Model, "--data", folder.Samples, "--state", folder["a.qcal"]);
        byte[] content = File.ReadAllBytes(folder["a.qcal"]);
        content[content.Length / 2] ^= 1;
        string damaged = folder.Write("damaged.qcal", content);
        string[] before = folder.Files();

        ToolRun run = command == "ptq"
            ? ToolRun.InProcess("ptq", folder.Model, "--state", damaged, "--output", folder.Output)
            : ToolRun.InProcess("merge", damaged, "--state", folder["all.qcal"]);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().StartWith($"{damaged}: ");
        folder.Files().Should().Equal(before);
    }

    [Fact]
    public void A_missing_state_is_named()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess("merge", folder["no.qcal"], "--state", folder["all.qcal"]);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().Be($"{folder["no.qcal"]}: there is no such calibration file.");
    }

    private static string Succeeds(params string[] args)
    {
        ToolRun run = ToolRun.InProcess(args);
        run.ExitCode.Should().Be(0, run.Error);
        return run.Output;
    }
}
