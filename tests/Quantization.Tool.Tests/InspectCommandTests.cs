using System.Text.Json;

namespace Quantization.Tool.Tests;

public sealed class InspectCommandTests
{
    [Fact]
    public void A_float_model_shows_what_it_is_and_what_each_way_would_do()
    {
        using FashionFolder folder = new(1);

        ToolRun run = ToolRun.InProcess("inspect", folder.Model);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should()
            .Contain("looks like an image classifier").And.Contain("Input image: float [").And.Contain("Output logits: float [")
            .And.MatchRegex(@"int8, static +│ +ptq +│ +\d+ │ +\d+ │ +\d+\.\d KB \(0\.\d\dx\)")
            .And.MatchRegex(@"weights in 4 bits +│ +weights --bits 4 │");
        run.Error.Should().BeEmpty();
    }

    [Fact]
    public void A_quantized_model_shows_its_encodings()
    {
        using FashionFolder folder = new();
        ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "-o", folder.Output).ExitCode.Should().Be(0);

        ToolRun run = ToolRun.InProcess("inspect", folder.Output);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should()
            .MatchRegex(@"Encodings: QDQ \d+\.").And.MatchRegex(@"ONNX Runtime runs \d+ nodes on integers \(QLinearConv \d+");
    }

    [Fact]
    public void The_facts_come_as_JSON()
    {
        using FashionFolder folder = new(1);

        ToolRun run = ToolRun.InProcess("inspect", folder.Model, "--json");

        run.ExitCode.Should().Be(0, run.Error);
        using JsonDocument facts = JsonDocument.Parse(run.Output);
        facts.RootElement.GetProperty("bytes").GetInt64().Should().Be(new FileInfo(folder.Model).Length);
        facts.RootElement.GetProperty("ways").GetArrayLength().Should().Be(5);
    }

    [Fact]
    public void A_missing_model_is_one_line()
    {
        using FashionFolder folder = new(1);

        ToolRun run = ToolRun.InProcess("inspect", folder["none.onnx"]);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().Be($"{folder["none.onnx"]}: there is no such model file.");
    }

    [Fact]
    public void A_plan_is_saved_and_carried_out()
    {
        using FashionFolder folder = new(8);
        string plan = folder["plan.json"], state = folder["a.qcal"];
        ToolRun.InProcess("calibrate", folder.Model, "--data", folder.Samples, "--state", state).ExitCode.Should().Be(0);

        ToolRun saved = ToolRun.InProcess("inspect", folder.Model, "--save-plan", plan);
        ToolRun made = ToolRun.InProcess("ptq", folder.Model, "--plan", plan, "--state", state, "--output", folder.Output, "--quiet");
        ToolRun over = ToolRun.InProcess("inspect", folder.Model, "--save-plan", folder.Model);

        saved.ExitCode.Should().Be(0, saved.Error);
        saved.Output.Should().StartWith($"Wrote {plan}: int8, static, ")
            .And.Contain($"'quantize ptq {folder.Model} --plan {plan} --state file.qcal --output out.onnx' carries it out.");
        made.ExitCode.Should().Be(0, made.Error);
        over.ExitCode.Should().Be(2);
        over.ErrorLine.Should().Contain("would write over");
    }
}
