namespace Quantization.Tool.Tests;

/// <summary>Options of the calibration reach every command that calibrates.</summary>
public sealed class CalibrationRunTests
{
    [Fact]
    public void Fewer_samples_calibrate_where_that_is_asked_for()
    {
        using FashionFolder folder = new(12);
        string few = folder["few.qcal"], plan = folder["plan.json"], again = folder["again.onnx"];
        ToolRun.InProcess("calibrate", folder.Model, "--data", folder.Samples, "--state", few, "--calibration-samples", "3").Output.Should()
            .Contain($"Wrote {few}: 3 samples,");
        ToolRun.InProcess("ptq", folder.Model, "--state", few, "--output", again, "--quiet").ExitCode.Should().Be(0);

        ToolRun run = ToolRun.InProcess(
            "ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--calibration-samples", "3", "--calibration-threads",
            "1");

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("Calibrated with MSE on 3 samples of");
        File.ReadAllBytes(folder.Output).Should().Equal(File.ReadAllBytes(again));
        foreach (string[] command in (string[][])[["search"], ["partial", "--reach", "5"]])
        {
            string state = folder[$"{command[0]}.qcal"];
            ToolRun trial = ToolRun.InProcess([command[0], folder.Model, "--data", folder.Samples, "--output", folder.Output,
                "--calibration-samples", "2", "--state", state, "--save-plan", plan, .. command[1..]]);
            trial.ExitCode.Should().Be(0, trial.Error);
            Onnx.ModelCalibration.Load(state).SampleCount.Should().Be(2);
        }
    }

    [Theory]
    [InlineData("--calibration-samples")]
    [InlineData("--calibration-threads")]
    public void Numbers_below_1_are_refused(string option)
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, option, "0");

        run.ErrorLine.Should().Contain($"{option} '0' is no whole number from 1 up.");
    }
}
