using System.Text.Json;

namespace Quantization.Tool.Tests;

public sealed class CompareCommandTests
{
    [Fact]
    public void Figures_size_time_memory_and_the_noisiest_layers()
    {
        using FashionFolder folder = new(20);
        string labels = folder.WriteLabels(20);
        ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "-o", folder.Output, "--quiet").ExitCode.Should().Be(0);

        ToolRun run = ToolRun.InProcess("compare", folder.Model, folder.Output, "--data", folder.Samples, "--labels", labels);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().StartWith("Compared on 20 samples;")
            .And.Contain("Top-1").And.Contain("Agreement").And.Contain("SQNR").And.Contain("Cosine").And.Contain("Memory, about")
            .And.Contain("18 layers found in both models and compared on 16 samples")
            .And.Contain("and 6 other layers; --verbose shows all.");
    }

    [Fact]
    public void The_same_figures_as_quantizing_told()
    {
        using FashionFolder folder = new(20);
        string labels = folder.WriteLabels(20);
        ToolRun.InProcess("weights", folder.Model, "-o", folder.Output, "--quiet").ExitCode.Should().Be(0);
        ToolRun made = ToolRun.InProcess(
            "weights", folder.Model, "--data", folder.Samples, "--labels", labels, "-o", folder["again.onnx"], "--json", "--quiet");

        ToolRun run = ToolRun.InProcess(
            "compare", folder.Model, folder.Output, "--data", folder.Samples, "--labels", labels, "--json", "--quiet");

        run.ExitCode.Should().Be(0, run.Error);
        run.Error.Should().BeEmpty();
        JsonElement facts = JsonDocument.Parse(run.Output).RootElement.GetProperty("second"),
            report = JsonDocument.Parse(made.Output).RootElement.GetProperty("quantized");
        facts.GetProperty("top1").GetDouble().Should().Be(report.GetProperty("top1").GetDouble());
        facts.GetProperty("signalToNoise").GetDouble().Should().Be(report.GetProperty("signalToNoise").GetDouble());
        facts.GetProperty("bytes").GetInt64().Should().Be(new FileInfo(folder.Output).Length);
    }

    [Fact]
    public void A_model_that_is_not_there_and_data_that_are_not_given()
    {
        using FashionFolder folder = new(2);

        ToolRun missing = ToolRun.InProcess("compare", folder.Model, folder["none.onnx"], "--data", folder.Samples);
        ToolRun without = ToolRun.InProcess("compare", folder.Model, folder.Model);

        (missing.ExitCode, without.ExitCode).Should().Be((1, 2));
        missing.ErrorLine.Should().Contain("none.onnx");
        without.ErrorLine.Should().Contain("--data");
    }
}
