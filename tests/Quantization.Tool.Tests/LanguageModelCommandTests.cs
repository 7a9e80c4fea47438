using System.Text.Json;
using Quantization.Onnx.Tests;

namespace Quantization.Tool.Tests;

/// <summary><c>quantize weights</c> of a language model.</summary>
public sealed class LanguageModelCommandTests : IDisposable
{
    private static readonly string Model = SharedFolder.Models("stories260K", "model.onnx");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Other_samples_measure_than_those_that_round()
    {
        string rounding = Take("calibrate", 6), scoring = Take("evaluate", 4), output = _folder.PathTo("out.onnx"),
            page = _folder.PathTo("report.html");
        string[] arguments =
            ["weights", Model, "--bits", "4", "--method", "gptq", "--data", rounding, "--evaluate", scoring, "--output", output, "--quiet"];

        ToolRun run = ToolRun.InProcess([.. arguments, "--report", page]), facts = ToolRun.InProcess([.. arguments, "--json"]);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain($"Rounded on 6 samples of {rounding}, measured on 4 others of {scoring}.")
            .And.Contain("Perplexity").And.Contain("KL divergence");
        File.ReadAllText(page).Should().Contain("Weights in blocks</h2>").And.Contain("Perplexity");
        facts.ExitCode.Should().Be(0, facts.Error);
        using JsonDocument document = JsonDocument.Parse(facts.Output);
        JsonElement root = document.RootElement;
        double perplexity = root.GetProperty("float").GetProperty("perplexity").GetDouble();
        perplexity.Should().BeInRange(3, 6);
        root.GetProperty("quantized").GetProperty("perplexity").GetDouble().Should().BeInRange(perplexity, 1.2 * perplexity);
        root.GetProperty("quantized").GetProperty("kullbackLeibler").GetDouble().Should().BeInRange(0.01, 0.2);
        root.GetProperty("data").GetProperty("scoringSamples").GetInt32().Should().Be(4);
        JsonElement[] layers = [.. root.GetProperty("roundedLayers").EnumerateArray()];
        layers.Should().HaveCount(37);
        layers.Should()
            .OnlyContain(layer => layer.GetProperty("isOfOutputs").GetBoolean() == (layer.GetProperty("method").GetString() == "Gptq"));
    }

    [Fact]
    public void A_budget_gives_layers_bits_of_their_own()
    {
        string samples = Take("calibrate", 4), output = _folder.PathTo("out.onnx"), plan = _folder.PathTo("plan.json"),
            again = _folder.PathTo("again.onnx");

        ToolRun run = ToolRun.InProcess(
            "weights", Model, "--max-bytes", "1.31MB", "--method", "gptq", "--data", samples, "--output", output, "--save-plan", plan,
            "--quiet");
        ToolRun carried = ToolRun.InProcess("ptq", Model, "--plan", plan, "--data", samples, "--output", again, "--quiet");

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().MatchRegex(
            @"Bits by the error of each layer: (2 bits in \d+ layers?, )?4 bits in \d+ layers, 8 bits in \d+ layers?; \d\.\d\d per weight on average\.");
        new FileInfo(output).Length.Should().BeInRange(1_280_000, 1_310_000);
        carried.ExitCode.Should().Be(0, carried.Error);
        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(output));
    }

    [Fact]
    public void A_folder_tells_its_tokens_a_second()
    {
        string scoring = Take("evaluate", 2), output = _folder.PathTo("quantized"), page = _folder.PathTo("report.html");
        string[] arguments =
            ["weights", SharedFolder.Models("stories260K", "genai"), "--bits", "4", "--evaluate", scoring, "--output", output, "--quiet"];

        ToolRun run = ToolRun.InProcess([.. arguments, "--report", page]), facts = ToolRun.InProcess([.. arguments, "--json"]);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().MatchRegex(@"Tokens a second: [\d,]+ written, float [\d,]+ \(\d\.\d\dx\); [\d,]+ read, float [\d,]+\.")
            .And.Contain("Perplexity");
        File.ReadAllText(page).Should().Contain("Tokens written a second");
        using JsonDocument document = JsonDocument.Parse(facts.Output);
        JsonElement speed = document.RootElement.GetProperty("tokenSpeed").GetProperty("quantized");
        speed.GetProperty("promptTokens").GetInt32().Should().Be(128);
        speed.GetProperty("promptTokensPerSecond").GetDouble().Should().BePositive();
        speed.GetProperty("tokensPerSecond").GetDouble().Should().BePositive();
    }

    [Fact]
    public void Wrong_budgets_are_one_line()
    {
        (string[] Arguments, string Message)[] cases =
        [
            (["--max-bytes", "much"], "--max-bytes 'much' is no number of bytes, such as 1500000, 500MB or 1.2GiB."),
            (["--max-bytes", "0"], "--max-bytes '0' is no number of bytes, such as 1500000, 500MB or 1.2GiB."),
            (["--bits-per-weight", "9"], "--bits-per-weight '9' is no number from 2 to 8, such as 3.5."),
            (["--bits", "4", "--max-bytes", "1GB"], "--bits and --max-bytes both say how many bits weights get; leave one of them out."),
            (["--max-bytes", "500KiB"], "512,000 bytes are too few: with 2 bits for all products the model takes about"),
        ];
        foreach ((string[] arguments, string message) in cases)
        {
            ToolRun run = ToolRun.InProcess(["weights", Model, "--output", _folder.PathTo("out.onnx"), .. arguments]);

            run.ErrorLine.Should().Contain(message);
        }
    }

    [Fact]
    public void Samples_that_nothing_needs_are_refused()
    {
        string scoring = Take("evaluate", 1);

        ToolRun run = ToolRun.InProcess(
            "weights", Model, "--bits", "4", "--data", scoring, "--evaluate", scoring, "--output", _folder.PathTo("out.onnx"));

        run.ErrorLine.Should()
            .Be("--evaluate names the samples to measure on, and nothing else needs those of --data: leave one of them out.");
    }

    private string Take(string folder, int count)
    {
        string taken = Directory.CreateDirectory(_folder.PathTo(folder)).FullName;
        foreach (string file in Directory.EnumerateFiles(SharedFolder.Models("stories260K", folder)).Order().Take(count))
        {
            File.Copy(file, Path.Combine(taken, Path.GetFileName(file)));
        }

        return taken;
    }
}
