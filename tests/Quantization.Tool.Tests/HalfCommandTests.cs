using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Tool.Tests;

public sealed class HalfCommandTests
{
    [Fact]
    public void With_samples_the_ranges_are_observed_and_both_models_measured()
    {
        using FashionFolder folder = new(41);
        string labels = folder.WriteLabels(40);

        ToolRun run = ToolRun.InProcess("half", folder.Model, "--data", folder.Samples, "--labels", labels, "--output", folder.Output);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("Ranges observed on 11 samples of")
            .And.Contain("measured on 30 other samples.").And.Contain("smaller there but not faster");
        run.Output.Should().MatchRegex(@"Model +│ +Top-1 │")
            .And.MatchRegex(@"float16 +│ +\d+\.\d\d % │ +\d+\.\d\d % │ +\d\d\.\d dB │ +\d+\.\d KB \(0\.[45]\dx\) │");
        run.Output.Should().Contain($"Wrote {folder.Output}: ");
        TypesOf(folder.Output).Should().Equal(TensorElementType.Float, TensorElementType.Float);
    }

    [Fact]
    public void Without_samples_it_says_what_was_not_seen()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess("half", folder.Model, "-o", folder.Output);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("No range was observed; nothing was measured.").And.Contain("No samples were given");
    }

    [Fact]
    public void Inputs_and_outputs_in_16_bits_are_measured_all_the_same()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess("half", folder.Model, "--data", folder.Samples, "--half-io", "-o", folder.Output);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().MatchRegex(@"float16 +│ +\d+\.\d\d % │ +\d\d\.\d dB │");
        TypesOf(folder.Output).Should().Equal(TensorElementType.Float16, TensorElementType.Float16);
    }

    [Fact]
    public void The_facts_come_as_JSON_and_as_a_page()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess(
            "half", folder.Model, "--data", folder.Samples, "--bfloat16", "--json", "--quiet", "--report", folder["report.html"], "-o",
            folder.Output);

        run.ExitCode.Should().Be(0, run.Error);
        using JsonDocument facts = JsonDocument.Parse(run.Output);
        facts.RootElement.GetProperty("quantized").GetProperty("name").GetString().Should().Be("bfloat16 model");
        facts.RootElement.GetProperty("settings").GetProperty("Arithmetic").GetString().Should().Be("32 bits");
        facts.RootElement.GetProperty("advice").EnumerateArray().Should()
            .NotBeEmpty().And.NotContain(advice => advice.GetProperty("message").GetString()!.Contains("int8"));
        File.ReadAllText(folder["report.html"]).Should().Contain("bfloat16 model");
    }

    [Fact]
    public void Arguments_that_contradict_each_other_are_wrong_usage()
    {
        using FashionFolder folder = new();

        ToolRun both = ToolRun.InProcess("half", folder.Model, "--bfloat16", "--half-io", "-o", folder.Output);
        ToolRun itself = ToolRun.InProcess("half", folder.Model, "-o", folder.Model);
        ToolRun unknown = ToolRun.InProcess("half", folder.Model, "--float-node", "nothing", "-o", folder.Output);

        both.ExitCode.Should().Be(2);
        both.ErrorLine.Should().Be("--half-io does not go with --bfloat16, which stores weights alone in 16 bits; give one of them.");
        itself.ExitCode.Should().Be(2);
        unknown.ExitCode.Should().Be(1);
        unknown.ErrorLine.Should().StartWith($"{folder.Model}: --float-node names 'nothing', but the model has no such node");
        File.Exists(folder.Output).Should().BeFalse();
    }

    [Fact]
    public void A_quantized_model_comes_back_as_a_float_model()
    {
        using FashionFolder folder = new();
        ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "-o", folder.Output).ExitCode.Should().Be(0);

        ToolRun run = ToolRun.InProcess("dequantize", folder.Output, "-o", folder["float.onnx"]);
        ToolRun again = ToolRun.InProcess("ptq", folder["float.onnx"], "--data", folder.Samples, "-o", folder["again.onnx"]);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().MatchRegex(@"^\d+ constants of codes became floats, \d+ activations no longer rounded\.")
            .And.Contain($"Wrote {folder["float.onnx"]}: ");
        again.ExitCode.Should().Be(0, again.Error);
    }

    [Fact]
    public void A_float_model_cannot_be_dequantized_and_no_model_is_overwritten()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess("dequantize", folder.Model, "-o", folder.Output);
        ToolRun itself = ToolRun.InProcess("dequantize", folder.Model, "-o", folder.Model);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().StartWith($"{folder.Model}: the model has no quantized operator");
        File.Exists(folder.Output).Should().BeFalse();
        itself.ExitCode.Should().Be(2);
        itself.ErrorLine.Should().StartWith($"--output {folder.Model} is the quantized model itself");
    }

    private static TensorElementType[] TypesOf(string path)
    {
        using InferenceSession session = new(path);
        return [session.InputMetadata.Values.Single().ElementDataType, session.OutputMetadata.Values.Single().ElementDataType];
    }
}
