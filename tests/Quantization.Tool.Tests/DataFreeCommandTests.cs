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
        run.Output.Should().Contain("Quantized without samples, so nothing was measured")
            .And.Contain($"Wrote {folder.Output}").And.Contain("Most nodes with weights stay in float");
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

        ToolRun run = ToolRun.InProcess(
            command, folder.Model, "--data", folder.Samples, "--labels", labels, "--calibrator", "mse", "--output", folder.Output, "--json",
            "--quiet");

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
        root.GetProperty("advice").EnumerateArray().Select(advice => advice.GetProperty("message").GetString()).Should()
            .NotContain(advice => advice!.Contains("calibrated"));
    }

    [Fact]
    public void Wrong_arguments_are_one_line_and_write_nothing()
    {
        using FashionFolder folder = new();
        (string[] Arguments, string Message)[] cases =
        [
            (["weights", "--bits", "3"], "--bits '3' is not supported; ONNX Runtime multiplies by weights of 2, 4 and 8 bits; give 4, "
                + "or 2 where size is all that counts."),
            (["weights", "--bits", "nf4"], "--bits 'nf4' is not supported; ONNX Runtime has no product with codebooks; give 4."),
            (["weights", "--block", "48"], "--block '48' is not supported; give 16, 32, 64, 128 or 256."),
            (["weights", "--symmetric"], "--symmetric goes with weights in blocks: give --block or fewer bits too."),
            (["weights", "--bits", "2", "--form", "qdq"], "--form qdq has no codes of 2 bits; give --form matmul-nbits, or --bits 4."),
            (["weights", "--bits", "4", "--accuracy-level", "5"], "--accuracy-level '5' is not 0 to 4."),
            (
                ["weights", "--bits", "4", "--method", "gptq"],
                "--method weighted, gptq, awq and awq+gptq need samples: give --data DIR too."),
            (["weights", "--bits", "4", "--calibrator", "entropy"], "The calibrator Entropy needs more values than a block has; take "
                + "Max or MSE."),
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
    public void Weights_of_four_bits_are_written_in_blocks_and_again_from_their_plan()
    {
        using FashionFolder folder = new();
        string plan = folder["plan.json"], again = folder["again.onnx"];

        ToolRun run = ToolRun.InProcess("weights", folder.Model, "--bits", "4", "--block", "16", "--symmetric", "--output",
            folder.Output, "--save-plan", plan, "--quiet");

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("ONNX Runtime runs 1 node on codes (MatMulNBits 1)");
        File.ReadAllText(plan).Should().Contain("\"blockSize\":16");
        ToolRun carried = ToolRun.InProcess("ptq", folder.Model, "--plan", plan, "--output", again, "--quiet");
        carried.ExitCode.Should().Be(0, carried.Error);
        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(folder.Output));
    }

    [Fact]
    public void Samples_round_weights_and_measure()
    {
        using FashionFolder folder = new(20);

        ToolRun run = ToolRun.InProcess("weights", folder.Model, "--bits", "4", "--block", "16", "--method", "gptq", "--data",
            folder.Samples, "--output", folder.Output, "--quiet");

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("Rounded and measured on 20 samples").And.Contain("4 bits");
    }

    [Fact]
    public void A_folder_of_GenAI_gives_one()
    {
        using FashionFolder folder = new();
        string source = Directory.CreateDirectory(folder["genai"]).FullName, output = folder["quantized"];
        File.Copy(folder.Model, Path.Combine(source, "decoder.onnx"));
        File.WriteAllText(Path.Combine(source, "genai_config.json"), """{"model":{"decoder":{"filename":"decoder.onnx"}}}""");
        File.WriteAllText(Path.Combine(source, "tokenizer.json"), "{}");

        ToolRun run = ToolRun.InProcess("weights", source, "--bits", "4", "--output", output, "--quiet");

        run.ExitCode.Should().Be(0, run.Error);
        Directory.EnumerateFiles(output).Select(Path.GetFileName).Should()
            .BeEquivalentTo("decoder.onnx", "genai_config.json", "tokenizer.json");
        ToolRun.InProcess("weights", folder["."], "--bits", "4", "--output", output).ErrorLine.Should()
            .Contain("this folder has no genai_config.json; give a folder of ONNX Runtime GenAI, or the file of a model.");
        ToolRun.InProcess("weights", source, "--bits", "4", "--output", source).ErrorLine.Should()
            .Contain("is the folder of the float model; name another folder.");
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
