using System.CommandLine;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Quantization.Images;
using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool.Tests.Advising;

/// <summary>Every advice has words for C# programmers and for users of the command line, and each names what its reader can use.</summary>
public sealed partial class AdviceTests
{
    /// <summary>What is told without anything to do about it: good news, and what reports tell before they say what to do next.</summary>
    private static readonly AdviceCode[] Facts =
    [
        AdviceCode.TrialsReachFloat,
        AdviceCode.TargetMet,
        AdviceCode.BestWithinLatency,
        AdviceCode.ReportAccuracy,
        AdviceCode.ReportNoise,
        AdviceCode.ReportCost,
        AdviceCode.ReportKept,
        AdviceCode.ReportWorstLayer,
        AdviceCode.ReportFloatNodes,
        AdviceCode.ReportPartialOutcome,
        AdviceCode.ReportMostSensitiveLayer,
        AdviceCode.AutoPicked,
        .. AdviceExamples.AutoReasons.Select(advice => advice.Code),
    ];

    private static readonly AdviceWords[] Words = [CSharpWords.Instance, CommandLineWords.Instance];

    [Fact]
    public void Every_code_has_an_example() =>
        AdviceExamples.All.Select(advice => advice.Code).Distinct().Should().BeEquivalentTo(Enum.GetValues<AdviceCode>());

    [Fact]
    public void Every_advice_but_a_fact_names_a_way_out_to_both_kinds_of_readers()
    {
        foreach (Advice advice in AdviceExamples.All.Where(advice => !Facts.Contains(advice.Code)))
        {
            foreach (AdviceText text in Words.Select(words => words.Write(advice)))
            {
                text.WayOut.Should().NotBeNullOrWhiteSpace(advice.Code.ToString()).And.EndWith(".");
                text.Fact.Should().NotBeNullOrWhiteSpace().And.NotContain(text.WayOut!);
                text.ToString().Should().Be($"{text.Fact} {text.WayOut}");
            }
        }
    }

    [Fact]
    public void Advice_about_half_precision_says_nothing_of_int8()
    {
        Advice[] half = [.. AdviceExamples.All.Where(advice => advice.Arguments.ContainsKey("format"))];

        half.Select(advice => advice.Message).Should().NotContain(message => message.Contains("int8")).And.HaveCountGreaterThan(8);
        OutcomeAdvice.Noise(60, null, null, HalfFormat.BFloat16).Message.Should()
            .StartWith("The bfloat16 model's outputs lie 60.0 dB above their quantization noise");
        OutcomeAdvice.FloatNodes(1, HalfFormat.Float16).Message.Should().Be("1 node stays in 32 bits.");
        OutcomeAdvice.FloatNodes(2).Message.Should().Be("2 nodes with weights stay in float.");
    }

    [Fact]
    public void A_limit_of_trials_comes_with_the_option_that_raises_it()
    {
        foreach (Advice advice in AdviceExamples.All.Where(advice => advice.Arguments.ContainsKey("trialLimit")))
        {
            advice.Message.Should().EndWith("limit of 12 trials, PartialOptions.MaxTrials; with more it may find a better set.");
            CommandLineWords.Instance.Render(advice).Should()
                .EndWith("limit of 12 trials, --max-trials; with more it may find a better set.");
        }
    }

    [Fact]
    public void The_words_of_the_command_line_name_options_that_there_are_and_nothing_of_CSharp()
    {
        Command root = ToolCommands.Create(new ToolConsole(TextWriter.Null, TextWriter.Null), CancellationToken.None);
        HashSet<string> options = [.. root.Subcommands.SelectMany(command => command.Options).Select(option => option.Name)];

        foreach (Advice advice in AdviceExamples.All)
        {
            string text = CommandLineWords.Instance.Render(advice);

            CSharp().Matches(text).Select(match => match.Value).Should().BeEmpty(text);
            Option().Matches(text).Select(match => match.Value).Should().BeSubsetOf(options, text);
        }
    }

    [Fact]
    public void The_words_of_CSharp_name_members_that_there_are_and_no_options()
    {
        Assembly[] libraries = [typeof(Advice).Assembly, typeof(CodeFormat).Assembly, typeof(ImageOptions).Assembly];
        Dictionary<string, Type> types = libraries.SelectMany(library => library.GetExportedTypes())
            .DistinctBy(type => type.Name).ToDictionary(type => type.Name);

        foreach (Advice advice in AdviceExamples.All)
        {
            advice.ToString().Should().Be(advice.Message);
            Option().IsMatch(advice.Message).Should().BeFalse(advice.Message);
            foreach (Match member in Member().Matches(advice.Message))
            {
                types.Should().ContainKey(member.Groups[1].Value, advice.Message);
                types[member.Groups[1].Value].GetMember(member.Groups[2].Value).Should().NotBeEmpty(member.Value);
            }
        }

        AdviceExamples.All.Count(advice => Member().IsMatch(advice.Message)).Should().BeGreaterThan(20);
    }

    [Fact]
    public void Advice_comes_back_from_JSON_the_same_with_the_types_of_its_arguments()
    {
        foreach (Advice advice in AdviceExamples.All)
        {
            string json = JsonSerializer.Serialize(advice);

            Advice back = JsonSerializer.Deserialize<Advice>(json)!;

            back.Should().Be(advice);
            back.GetHashCode().Should().Be(advice.GetHashCode());
            back.Message.Should().Be(advice.Message);
            JsonElement root = JsonDocument.Parse(json).RootElement;
            root.EnumerateObject().Select(property => property.Name).Should().Equal("code", "arguments", "message");
            root.GetProperty("code").GetString().Should().Be(advice.Code.ToString());
            root.GetProperty("message").GetString().Should().Be(advice.Message);
        }
    }

    [Theory]
    [InlineData("""{"code":"Nonsense","arguments":{}}""")]
    [InlineData("""{"code":"LargerThanFloat","arguments":{"floatBytes":1}}""")]
    [InlineData("""{"code":"LargerThanFloat","arguments":{"floatBytes":1,"quantizedBytes":"many"}}""")]
    [InlineData("""{"code":"LargerThanFloat"}""")]
    [InlineData("""["LargerThanFloat"]""")]
    public void JSON_that_is_no_advice_is_refused(string json) =>
        FluentActions.Invoking(() => JsonSerializer.Deserialize<Advice>(json)).Should()
            .Throw<JsonException>().WithMessage("This is no advice: *");

    [Fact]
    public void Advice_differs_by_code_and_by_arguments()
    {
        Advice advice = ModelAdvice.UnknownFloatNode("model.onnx", "fc7", nameof(PtqOptions));

        advice.Should().Be(ModelAdvice.UnknownFloatNode("model.onnx", "fc7", nameof(PtqOptions)));
        advice.Should().NotBe(ModelAdvice.UnknownFloatNode("model.onnx", "fc8", nameof(PtqOptions)));
        advice.Should().NotBe(ModelAdvice.UnknownWeightsNode("model.onnx", "fc7"));
        OutcomeAdvice.Noise(12, null).Should().NotBe(OutcomeAdvice.Noise(12, 0.5));
        CalibrationAdvice.DeadActivations(["a"], ["n"]).Should().NotBe(CalibrationAdvice.DeadActivations(["b"], ["n"]));
    }

    [Fact]
    public void An_exception_carries_its_advice()
    {
        using FashionFolder folder = new();
        PtqOptions options = new() { FloatNodes = new HashSet<string> { "nobody" } };

        ArgumentException exception = FluentActions
            .Invoking(() => PostTrainingQuantizer.Quantize(folder.Model, new SampleFolder(folder.Samples), folder.Output, options))
            .Should().Throw<ArgumentException>().Which;

        Advice.Of(exception).Should().Be(ModelAdvice.UnknownFloatNode(folder.Model, "nobody", nameof(PtqOptions)));
        exception.Message.Should().StartWith(Advice.Of(exception)!.Message).And.Contain("PtqOptions.FloatNodes");
        Advice.Of(new ArgumentException("another")).Should().BeNull();
    }

    [Fact]
    public void Nothing_that_the_tool_writes_has_words_of_CSharp()
    {
        using FashionFolder folder = new();

        ToolRun run = ToolRun.InProcess(
            "ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--weight-bits", "2", "--per-tensor", "--report",
            folder["page.html"], "--json");

        run.ExitCode.Should().Be(0, run.Error);
        QuantizationReport report = QuantizationReport.FromJson(run.Output);
        report.Advice.Select(advice => advice.Code).Should()
            .Contain(AdviceCode.ReportFewSamples).And.Contain(code => code.ToString().StartsWith("Next"));
        foreach (string text in (string[])[run.Output, Scripts().Replace(File.ReadAllText(folder["page.html"]), "")])
        {
            CSharp().Matches(text).Select(match => match.Value).Should().BeEmpty();
            text.Should().Contain("quantize partial");
        }

        QuantizationReport inCSharp = report with { NextCommand = null };
        inCSharp.ToHtml().Should().Contain("PartialQuantizer.Run").And.NotContain("quantize partial");
        inCSharp.ToJson().Should().Contain("PartialQuantizer.Run");
        JsonDocument.Parse(run.Output)
            .RootElement.GetProperty("advice").EnumerateArray().Select(each => each.GetProperty("message").GetString())
            .Should().Equal(report.Advice.Select(CommandLineWords.Instance.Render));
    }

    [GeneratedRegex(@"PtqOptions|PtqResult|\b[A-Z][a-z]+Options\b|\w+\.\w+\(|\b[A-Z][a-z]+[A-Z]\w*\.[A-Z]\w+")]
    private static partial Regex CSharp();

    [GeneratedRegex("<script>.*?</script>", RegexOptions.Singleline)]
    private static partial Regex Scripts();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*")]
    private static partial Regex Option();

    /// <summary>A type and its member, but no package.</summary>
    [GeneratedRegex(@"\b(?!Quantization\.)([A-Z][A-Za-z]+)\.([A-Z][A-Za-z0-9]+)\b")]
    private static partial Regex Member();
}
