namespace Quantization.Tool.Tests.Advising;

/// <summary>How commands end: with a verdict, and the command to run next, which runs as it stands there.</summary>
public sealed class LastLinesTests
{
    [Theory]
    [InlineData("dynamic")]
    [InlineData("weights")]
    [InlineData("half")]
    public void A_model_that_was_not_measured_is_to_be_compared_on_samples(string command)
    {
        using FashionFolder folder = new(20);

        ToolRun run = ToolRun.InProcess(command, folder.Model, "-o", folder.Output, "--quiet");

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("Verdict: Not measured: without samples the loss is unknown.");
        NextOf(run).Should().Be($"quantize compare {folder.Model} {folder.Output} --data DIR");
        ToolRun next = Run(NextOf(run).Replace("DIR", folder.Samples, StringComparison.Ordinal));
        next.ExitCode.Should().Be(0, next.Error);
        next.Output.Should().Contain("Verdict: ");
    }

    [Fact]
    public void Answers_that_differ_are_to_be_compared_layer_by_layer_on_the_same_samples()
    {
        using FashionFolder folder = new(1);
        string model = folder.Write("steps.onnx", StepModel.Make(steps: null)), samples = folder["rows"];
        Random random = new(2);
        for (int i = 0; i < 40; i++)
        {
            folder.Write(
                $"rows/{i}.npy",
                Npy.Float([.. Enumerable.Range(0, StepModel.Width).Select(_ => random.NextSingle() * 2 - 1)], [1, StepModel.Width]));
        }

        ToolRun run = ToolRun.InProcess(
            "weights", model, "--bits", "2", "--block", "16", "--data", samples, "-o", folder.Output, "--quiet");

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("What to try next: compare both models layer by layer ('quantize compare')");
        NextOf(run).Should().Be($"quantize compare {model} {folder.Output} --data {samples}");
        Run(NextOf(run)).Output.Should().MatchRegex("Verdict: (The second model loses|The answers of the models differ)");
    }

    [Fact]
    public void A_model_beside_itself_and_labels_of_other_images()
    {
        using FashionFolder folder = new(200);
        string right = folder.WriteLabels(200), wrong = folder.Write("wrong.csv", Shuffle(File.ReadAllLines(right)));

        ToolRun same = ToolRun.InProcess(
            "compare", folder.Model, folder.Model, "--data", folder.Samples, "--labels", right, "--layer-samples", "0", "-q");
        ToolRun doubted = ToolRun.InProcess(
            "compare", folder.Model, folder.Model, "--data", folder.Samples, "--labels", wrong, "--layer-samples", "0", "-q");

        LastOf(same).Should().Be("Verdict: The second model answers like the first: no noticeable loss.");
        LastOf(doubted).Should().Be("Verdict: Not to be judged yet: labels or preprocessing do not seem to fit the first model.");
        doubted.Output.Should().Contain("answers that have nothing to do with the labels");
    }

    [Fact]
    public void A_missed_target_leads_to_the_same_command_without_the_limit_and_without_one_to_the_layers()
    {
        using FashionFolder folder = new(24);
        string[] arguments =
            ["partial", folder.Model, "--data", folder.Samples, "--weight-bits", "2", "--no-refine", "-o", folder.Output, "-q"];

        ToolRun limited = ToolRun.InProcess([.. arguments, "--reach", "1000", "--max-float-layers", "1", "--max-trials", "3"]);
        ToolRun free = ToolRun.InProcess([.. arguments, "--reach", "30", "--max-bytes", "1KB", "--max-trials", "3"]);
        ToolRun unlimited = ToolRun.InProcess([.. arguments, "--reach", "30", "--max-bytes", "1KB"]);

        (limited.ExitCode, free.ExitCode, unlimited.ExitCode).Should().Be((3, 3, 3));
        limited.Output.Should().Contain("Verdict: The target is not met.");
        string given = $"quantize partial {folder.Model} --data {folder.Samples} --weight-bits 2 --no-refine --output {folder.Output}";
        NextOf(limited).Should().Be($"{given} --reach 1000");
        NextOf(free).Should().Be($"{given} --reach 30 --max-bytes 1KB");
        NextOf(unlimited).Should().Be($"quantize compare {folder.Model} {folder.Output} --data {folder.Samples}");
    }

    [Fact]
    public void An_automatic_choice_that_loses_too_much_leads_to_partial_quantization()
    {
        using FashionFolder folder = new(40);

        ToolRun run = ToolRun.InProcess(
            "auto", folder.Model, "--data", folder.Samples, "--metric", "cosine", "--max-loss", "0", "--max-bytes", "0.4", "-o",
            folder.Output, "-q");

        run.ExitCode.Should().Be(3, run.Error);
        run.ErrorLine.Should()
            .StartWith("Leave the model as it is: ").And.EndWith("or allow more (--max-loss, --max-latency, --max-bytes).");
        NextOf(run).Should().Be($"quantize partial {folder.Model} --data {folder.Samples} --metric cosine --max-loss 0 --max-bytes 0.4 "
            + $"--output {folder.Output}");
    }

    [Fact]
    public void Classes_without_labels_and_classes_in_the_models_order()
    {
        using FashionFolder folder = new(8);
        string classes = folder.Write("classes.txt", string.Concat(Enumerable.Range(0, 10).Select(i => $"class{9 - i}\n")));
        string named = folder.Write(
            "named.csv",
            string.Concat(File.ReadAllLines(folder.WriteLabels(8)).Select(line => $"{line[..^1]}class{9 - (line[^1] - '0')}\n")));

        ToolRun without = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--classes", classes, "-o", folder.Output);
        ToolRun run = ToolRun.InProcess(
            "compare", folder.Model, folder.Model, "--data", folder.Samples, "--labels", named, "--classes", classes, "--layer-samples",
            "0", "--json", "-q");

        without.ErrorLine.Should().Be("--classes sets the order of the class names in the labels: give --labels labels.csv too.");
        run.ExitCode.Should().Be(0, run.Error);
        run.Error.Should().BeEmpty();
        double top1 = System.Text.Json.JsonDocument.Parse(run.Output).RootElement.GetProperty("second").GetProperty("top1").GetDouble();
        top1.Should().BeGreaterThan(0.7, "the list has the classes in the model's order");
    }

    /// <summary>Gives each sample the label of another one.</summary>
    private static string Shuffle(string[] lines) =>
        string.Concat(lines.Select(
            (line, i) => $"{line[..line.LastIndexOf(',')]}{lines[(i * 37 + 11) % lines.Length][lines[0].LastIndexOf(',')..]}\n"));

    private static string LastOf(ToolRun run) => run.Output.TrimEnd().Split('\n')[^1];

    private static string NextOf(ToolRun run) => LastOf(run)["Next: ".Length..];

    private static ToolRun Run(string command) => ToolRun.InProcess(command.Split(' ')[1..]);
}
