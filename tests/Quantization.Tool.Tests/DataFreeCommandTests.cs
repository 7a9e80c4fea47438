using System.Text.Json;

namespace Quantization.Tool.Tests;

/// <summary><c>quantize dynamic</c> and <c>quantize weights</c>: models without samples, and their figures with some.</summary>
public sealed class DataFreeCommandTests
{
    [Theory]
    [InlineData("dynamic")]
    [InlineData("weights")]
    public void A_model_is_written_without_samples_and_again_from_its_plan(string command)
    {
        using FashionFolder folder = new();
        string plan = folder["plan.json"], again = folder["again.onnx"];

        ToolRun run = ToolRun.InProcess(command, folder.Model, "--output", folder.Output, "--save-plan", plan, "--quiet");

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("Quantized without samples; nothing was measured").And.Contain($"Wrote {folder.Output}").And.Contain("Most nodes with weights stay in float");
        ToolRun carried = ToolRun.InProcess("ptq", folder.Model, "--plan", plan, "--output", again, "--quiet");
        carried.ExitCode.Should().Be(0, carried.Error);
        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(folder.Output));
    }

    [Theory]
    [InlineData("dynamic", "dynamic-int8")]
    [InlineData("weights", "weight-only-int8")]
    public void Samples_measure_and_calibrate_nothing(string command, string recipe)
    {
        using FashionFolder folder = new(40);
        string labels = folder.WriteLabels(40);

        ToolRun run = ToolRun.InProcess(command, folder.Model, "--data", folder.Samples, "--labels", labels, "--calibrator", "mse", "--output", folder.Output, "--json", "--quiet");

        run.ExitCode.Should().Be(0, run.Error);
        using JsonDocument facts = JsonDocument.Parse(run.Output);
        JsonElement root = facts.RootElement, data = root.GetProperty("data"), settings = root.GetProperty("settings");
        data.GetProperty("calibrationSamples").GetInt32().Should().Be(0);
        data.GetProperty("scoringSamples").GetInt32().Should().Be(40, "no sample is set apart to calibrate");
        root.GetProperty("quantized").GetProperty("top1").GetDouble().Should().BeGreaterThan(0.7);
        root.GetProperty("quantized").GetProperty("signalToNoise").GetDouble().Should().BeGreaterThan(30);
        root.GetProperty("layers").GetArrayLength().Should().Be(1, "the classifier multiplies one matrix");
        settings.GetProperty("Recipe").GetString().Should().Be(recipe);
        settings.GetProperty("Weight calibrator").GetString().Should().Be("MSE");
        settings.TryGetProperty("Activation calibrator", out _).Should().BeFalse();
        root.GetProperty("advice").EnumerateArray().Select(advice => advice.GetProperty("message").GetString()).Should().NotContain(advice => advice!.Contains("calibrated"));
    }

    [Fact]
    public void Wrong_arguments_are_one_line_and_write_nothing()
    {
        using FashionFolder folder = new();
        (string[] Arguments, string Message)[] cases =
        [
            (["weights", "--bits", "4"], "--bits '4' is not supported; give 8, the only number of bits so far."),
            (["weights", "--float-node", "z"], "--float-node names 'z', but the model has no such node"),
            (["dynamic", "--float-node", "z"], "--float-node names 'z', but the model has no such node"),
            (["dynamic", "--percentile", "99"], "--percentile goes with --calibrator percentile, not with max."),
            (["dynamic", "--labels", "labels.csv"], "--labels needs the samples that it labels: give --data DIR too."),
        ];
        foreach ((string[] arguments, string message) in cases)
        {
            ToolRun run = ToolRun.InProcess([arguments[0], folder.Model, "--output", folder.Output, .. arguments[1..]]);
            run.ExitCode.Should().NotBe(0);
            run.ErrorLine.Should().Contain(message);
            File.Exists(folder.Output).Should().BeFalse();
        }

        ToolRun self = ToolRun.InProcess("dynamic", folder.Model, "--output", folder.Model);
        self.ErrorLine.Should().Contain("is the float model itself");
    }

    [Fact]
    public void A_cancelled_run_leaves_nothing()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.Cancelled("dynamic", folder.Model, "--output", folder.Output);

        run.ErrorLine.Should().Be("cancelled; nothing was written.");
        File.Exists(folder.Output).Should().BeFalse();
    }
}
