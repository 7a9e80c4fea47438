using System.Globalization;
using System.Text.Json;
using Quantization.Onnx.Tests.Samples;

namespace Quantization.Tool.Tests;

public sealed class PtqCommandTests
{
    [Fact]
    public void With_labels_the_accuracy_on_other_samples_is_told()
    {
        using FashionFolder folder = new(41);
        string labels = folder.WriteLabels(40);

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--labels", labels, "--output", folder.Output);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("Calibrated with MSE on 11 samples of").And.Contain("scored on the 30 other samples.");
        run.Output.Should().MatchRegex(@"Model +│ +Top-1 │ +Agreement │").And.MatchRegex(@"FP32 +│ +\d+\.\d\d % │")
            .And.MatchRegex(@"int8 +│ +\d+\.\d\d % │ +\d+\.\d\d % │ +\d+\.\d dB │ +\d+\.\d KB \(0\.\d\dx\) │");
        run.Output.Should().Contain($"Wrote {folder.Output}: ");
        new FileInfo(folder.Output).Length.Should().BeLessThan(267_482 * 40 / 100);
    }

    [Fact]
    public void Without_labels_agreement_and_noise_are_told()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("Calibrated with MSE on 4 samples of").And.Contain("measured on the same");
        run.Output.Should().MatchRegex(@"Model +│ +Agreement │").And.MatchRegex(@"int8 +│ +\d+\.\d\d % │ +\d+\.\d dB │");
    }

    [Theory]
    [InlineData("max", "Max")]
    [InlineData("entropy", "Entropy")]
    [InlineData("percentile", "Percentile 99.99")]
    [InlineData("mse", "MSE")]
    public void Every_calibrator_can_be_chosen(string choice, string name)
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--calibrator", choice);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain($"Calibrated with {name} on ");
    }

    [Fact]
    public void A_decimal_comma_culture_reads_and_writes_the_same_numbers()
    {
        using FashionFolder folder = new();
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            ToolRun run = ToolRun.InProcess(
                "ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--calibrator", "percentile", "--percentile",
                "99.5");

            run.ExitCode.Should().Be(0, run.Error);
            run.Output.Should().Contain("Calibrated with Percentile 99.5 on ").And.MatchRegex(@"267\.5 KB").And.NotMatchRegex(@"\d,\d");
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Per_tensor_weights_make_a_smaller_file()
    {
        using FashionFolder folder = new();

        ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "-o", folder.Output).ExitCode.Should().Be(0);
        ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "-o", folder["small.onnx"], "--per-tensor").ExitCode.Should()
            .Be(0);

        new FileInfo(folder["small.onnx"]).Length.Should().BeLessThan(new FileInfo(folder.Output).Length);
    }

    [Fact]
    public void An_existing_output_is_replaced_and_nothing_else_is_left()
    {
        using FashionFolder folder = new();
        folder.Write("new/deep/out.onnx", "earlier");
        string[] before = folder.Files();

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder["new/deep/out.onnx"]);

        run.ExitCode.Should().Be(0, run.Error);
        new FileInfo(folder["new/deep/out.onnx"]).Length.Should().BeGreaterThan(50_000);
        folder.Files().Should().Equal(before);
    }

    [Fact]
    public void A_cancelled_run_leaves_no_file()
    {
        using FashionFolder folder = new();
        string[] before = folder.Files();

        ToolRun run = ToolRun.Cancelled("ptq", folder.Model, "--data", folder.Samples, "--output", folder["new/out.onnx"]);

        run.ExitCode.Should().Be(130);
        run.ErrorLine.Should().Be("cancelled; nothing was written.");
        folder.Files().Should().Equal(before);
    }

    [Fact]
    public void Nodes_can_be_left_in_float_and_every_conversion_be_told()
    {
        using FashionFolder folder = new();

        ToolRun plain = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output);
        ToolRun run = ToolRun.InProcess(
            "ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--verbose", "--float-node",
            "features.b2.b.expand/conv", "--float-node", "classifier");

        plain.Output.Should().Contain("1 conversion left (floats to codes at an input 1).").And.NotContain("  Conversion ");
        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("  Conversion to floats: read in float by 'features.b2.b.expand/conv' (")
            .And.Contain("Stays in float: features.b2.b.expand/conv (").And.Contain("Stays in float: classifier (");
    }

    [Fact]
    public void An_unknown_node_is_named_with_the_tools_own_words()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--float-node", "nobody");

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().Be($"{folder.Model}: --float-node names 'nobody', but the model has no such node, or it was folded into "
            + "another; --report lists those that can be named.");
    }

    [Theory]
    [InlineData("8", false)]
    [InlineData("2", true)]
    public void Outputs_that_clearly_differ_come_with_a_way_on(string bits, bool isTold)
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--weight-bits", bits);

        run.ExitCode.Should().Be(0, run.Error);
run.Output.Contains("clearly different from the float model's", StringComparison.Ordinal).Should().Be(isTold);
        run.Output.Contains($"Next: quantize partial {folder.Model} --data {folder.Samples} --output {folder.Output} --weight-bits 2 "
            + "--metric agreement --max-loss 0.01", StringComparison.Ordinal).Should()
            .Be(isTold);
    }

    [Fact]
    public void Fewer_bits_make_coarser_weights()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess(
            "ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--weight-bits", "4", "--json");

        run.ExitCode.Should().Be(0, run.Error);
        JsonDocument.Parse(run.Output).RootElement.GetProperty("settings").GetProperty("Weight codes").GetString().Should()
            .Be("Int8 [-7, 7]");
    }

    [Theory]
    [InlineData("onnxruntime-cpu", "UInt8 [0, 255]", "affine")]
    [InlineData("openvino", "UInt8 [0, 255]", "affine")]
    [InlineData("tensorrt", "Int8 [-128, 127]", "symmetric")]
    public void The_runtime_decides_the_codes_of_activations(string name, string codes, string scheme)
    {
        using FashionFolder folder = new();
        ToolRun.InProcess("calibrate", folder.Model, "--data", folder.Samples, "--state", folder["a.qcal"], "--runtime", name)
            .ExitCode.Should().Be(0);

        ToolRun run = ToolRun.InProcess(
            "ptq", folder.Model, "--data", folder.Samples, "--state", folder["a.qcal"], "--output", folder.Output, "--runtime", name,
            "--json");

        run.ExitCode.Should().Be(0, run.Error);
        JsonElement settings = JsonDocument.Parse(run.Output).RootElement.GetProperty("settings");
        settings.GetProperty("Runtime").GetString().Should().Be(name);
        settings.GetProperty("Activation codes").GetString().Should().Be(codes);
        settings.GetProperty("Activation scheme").GetString().Should().Be(scheme);
        run.Output.Contains("The model is quantized for a runtime that compiles graphs.", StringComparison.Ordinal).Should()
            .Be(name != "onnxruntime-cpu");
    }

    [Fact]
    public void An_unknown_runtime_is_refused_with_those_that_are_known()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--runtime", "gpu");

        run.ExitCode.Should().Be(2);
        run.Error.Should().Contain("gpu").And.Contain("tensorrt");
    }

    [Fact]
    public void A_report_tells_layers_and_conversions()
    {
        using FashionFolder folder = new(5);

        ToolRun run = ToolRun.InProcess(
            "ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--report", folder["new/report.html"]);

        run.ExitCode.Should().Be(0, run.Error);
        run.Error.Should().Contain("Comparing layers ...");
        run.Output.Should().EndWith($"Wrote {folder["new/report.html"]}{Environment.NewLine}Verdict: Not clear yet: too few samples to "
            + $"tell what is lost.{Environment.NewLine}");
        File.ReadAllText(folder["new/report.html"]).Should().StartWith("<!DOCTYPE html>").And.Contain("The layer that loses most is")
            .And.Contain("Conversions between floats and codes").And.NotContain("Calibrators compared");
    }

    [Fact]
    public void Quiet_and_json_leave_nothing_but_json()
    {
        using FashionFolder folder = new(5);

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--json", "--quiet");

        run.ExitCode.Should().Be(0, run.Error);
        run.Error.Should().BeEmpty();
        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        report.GetProperty("data").GetProperty("calibrationSamples").GetInt32().Should().Be(5);
        report.GetProperty("quantized").GetProperty("bytes").GetInt64().Should().Be(new FileInfo(folder.Output).Length);
        report.GetProperty("layers").GetArrayLength().Should().Be(21);
        report.GetProperty("conversionReasons").GetArrayLength().Should().Be(report.GetProperty("conversions").GetInt32());
    }

    [Fact]
    public void A_report_that_cannot_be_written_is_found_out_before_the_work_and_the_model_stays_as_it_was()
    {
        using FashionFolder folder = new();
        folder.Write("model.int8.onnx", "earlier");
        string[] before = folder.Files();

        ToolRun run = ToolRun.InProcess(
            "ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--report", folder.Samples);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().Be($"{folder.Samples}: cannot write here, this is a folder; name a file in it.");
        run.Error.Should().NotContain("Calibrating");
        folder.Files().Should().Equal(before);
        File.ReadAllText(folder.Output).Should().Be("earlier");
    }

    [Theory]
    [InlineData]
    [InlineData("--report", "report.html")]
    [InlineData("--json")]
    public void A_model_with_nothing_to_quantize_comes_through_byte_for_byte_with_a_warning(params string[] options)
    {
        using FashionFolder folder = new();
        string model = folder.Write("relu.onnx", TinyModel.Unary("Relu", -1, 1, 28, 28));

        ToolRun run = ToolRun.InProcess(["ptq", model, "--data", folder.Samples, "--output", folder.Output,
            .. options.Select(option => option.EndsWith(".html", StringComparison.Ordinal) ? folder[option] : option)]);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain(
            "There was nothing to quantize, so the output is the float model: the model has no Conv, ConvTranspose, Gemm or MatMul");
        File.ReadAllBytes(folder.Output).Should().Equal(File.ReadAllBytes(model));
        if (options is [_, _])
        {
            File.ReadAllText(folder["report.html"]).Should().Contain("There was nothing to quantize");
        }
    }

    [Theory]
    [InlineData("--help", "ptq <model.onnx>", "quantize ptq model.onnx --data samples --output model.int8.onnx")]
    [InlineData("ptq --help", "--labels <labels.csv>", "quantize ptq model.onnx --state all.qcal")]
    [InlineData(
        "search --help",
        "auto|top1|agreement",
        "quantize search model.onnx --data samples --labels labels.csv --output model.int8.onnx --report report.html")]
    [InlineData("calibrate --help", "--state <file.qcal>", "quantize calibrate model.onnx --data shard1 --state a.qcal")]
    [InlineData("merge -h", "Joins calibrations of one model", "quantize merge a.qcal b.qcal --state all.qcal")]
    public void Help_tells_options_and_examples(string args, string part, string example)
    {
        ToolRun run = ToolRun.InProcess(args.Split(' '));

        run.ExitCode.Should().Be(0);
        run.Error.Should().BeEmpty();
        run.Output.Should().Contain(part).And.Contain("Examples:").And.Contain(example);
    }
}
