using System.Text.Json;

namespace Quantization.Tool.Tests;

/// <summary>
/// Plans on the command line: saved by any command that makes a model, changed by hand, carried out by <c>ptq --plan</c>.
/// </summary>
public sealed class PlanTests
{
    [Fact]
    public void The_plan_of_each_command_gives_the_same_model()
    {
        using FashionFolder folder = new(41);
        string labels = folder.WriteLabels(40), plan = folder["plan.json"], again = folder["again.onnx"];
        string[][] commands =
        [
            ["ptq", folder.Model, "--data", folder.Samples, "--calibrator", "entropy", "--weight-bits", "5"],
            ["search", folder.Model, "--data", folder.Samples],
            ["partial", folder.Model, "--data", folder.Samples, "--labels", labels, "--max-loss", "0.2", "--max-float-layers", "2",
                "--max-trials", "4"],
            ["half", folder.Model, "--data", folder.Samples],
            ["half", folder.Model, "--bfloat16"],
            ["half", folder.Model, "--half-io"],
        ];
        foreach (string[] command in commands)
        {
            ToolRun run = ToolRun.InProcess([.. command, "--output", folder.Output, "--save-plan", plan, "--quiet"]);
            run.ExitCode.Should().Be(0, run.Error);
            run.Output.Should().Contain($"Wrote {plan}");

            ToolRun carried = ToolRun.InProcess("ptq", folder.Model, "--plan", plan, "--output", again, "--quiet");

            carried.ExitCode.Should().Be(0, carried.Error);
            carried.Output.Should().Contain($"Carried out {plan}; nothing was measured");
            File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(folder.Output), "of {0}", command[0]);
        }
    }

    [Fact]
    public void A_plan_is_measured_and_reported_like_other_models()
    {
        using FashionFolder folder = new();
        string plan = folder["plan.json"];
        ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--save-plan", plan).ExitCode.Should()
            .Be(0);

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--plan", plan, "--data", folder.Samples, "--output", folder.Output, "--json");

        run.ExitCode.Should().Be(0, run.Error);
        using JsonDocument facts = JsonDocument.Parse(run.Output);
        facts.RootElement.GetProperty("layers").GetArrayLength().Should().BeGreaterThan(10);
    }

    [Fact]
    public void A_plan_of_half_precision_is_measured_where_samples_fit()
    {
        using FashionFolder folder = new();
        string plan = folder["plan.json"], output = folder["half.onnx"];
        foreach (string[] options in (string[][])[[], ["--half-io"]])
        {
            ToolRun.InProcess(["half", folder.Model, "--output", output, "--save-plan", plan, .. options]).ExitCode.Should().Be(0);

            ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--plan", plan, "--data", folder.Samples, "--output", output);

            run.ExitCode.Should().Be(0, run.Error);
            run.Output.Should().Contain("nodes with 16-bit floats.").And.NotContain("int8").And.NotContain("No samples were given");
            if (options.Length == 0)
            {
                run.Output.Should().MatchRegex(@"float16 +│ +\d+\.\d\d % │ +\d\d\.\d dB │");
            }
            else
            {
                run.Output.Should().Contain("nothing was measured, because the samples do not fit inputs of 16 bits.");
            }
        }
    }

    [Fact]
    public void Options_that_the_plan_decides_are_refused()
    {
        using FashionFolder folder = new();
        string plan = folder["plan.json"];
        ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--save-plan", plan).ExitCode.Should()
            .Be(0);
        byte[] before = File.ReadAllBytes(plan);
        foreach (string[] option
            in (string[][])[["--calibrator", "mse"], ["--per-tensor"], ["--weight-bits", "4"], ["--float-node", "x"], ["--runtime", "qnn"]])
        {
            ToolRun run = ToolRun.InProcess(["ptq", folder.Model, "--plan", plan, "--output", folder.Output, .. option]);
            run.ExitCode.Should().NotBe(0);
            run.Error.Should()
                .Contain($"{option[0]} says how to quantize, which --plan says already; leave one of them out, or change the plan.");
        }

        foreach (string output in (string[])["--output", "--report", "--save-plan"])
        {
            ToolRun run = ToolRun.InProcess(
                ["ptq", folder.Model, "--plan", plan, .. output == "--output" ? [] : (string[])["--output", folder.Output], output, plan]);
            run.ExitCode.Should().NotBe(0);
            run.Error.Should().Contain(plan);
            File.ReadAllBytes(plan).Should().Equal(before);
        }
    }

    [Fact]
    public void A_file_that_is_no_plan_is_neither_read_nor_replaced()
    {
        using FashionFolder folder = new();
        string notes = folder["notes.json"];
        File.WriteAllText(notes, "{ \"mine\": 1 }");

        ToolRun save = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--save-plan", notes);
        ToolRun read = ToolRun.InProcess("ptq", folder.Model, "--plan", notes, "--output", folder.Output);

        save.Error.Should().Contain($"--save-plan {notes} exists and is no plan; name another file, or delete this one.");
        read.Error.Should().Contain($"{notes}: mine: there is no such field; known are version, recipe,");
        File.ReadAllText(notes).Should().Be("{ \"mine\": 1 }");
        File.Exists(folder.Output).Should().BeFalse();
    }
}
