using System.Globalization;
using System.Text.Json;
using Quantization.Onnx.Tests;

namespace Quantization.Tool.Tests;

/// <summary>All commands tell the same figures of the same model.</summary>
public sealed class SameFiguresTests : IDisposable
{
    private const string Plain = "MSE, affine, weights Max per channel";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(5)]
    public void Ptq_search_and_partial(int? steps)
    {
        string model = _folder.Write("model.onnx", StepModel.Make(steps));
        string labels = _folder.Write("labels.csv", string.Concat(WriteSamples(steps).Select((name, i) => $"{name},{i % 2}\n")));
        string[] titles = steps is null ? ["Top-1", "Agreement", "SQNR"] : ["Agreement", "SQNR"];

        string[][] ptq = Table(model, labels, "ptq", "--json", out JsonElement ptqFacts);
        string[][] search = Table(model, labels, "search", "--metric=agreement", out _);
        string[][] partial = Table(model, labels, "partial", "--metric=agreement", out _);

        foreach (string[][] table in (string[][][])[ptq, search, partial])
        {
            table[0][1..(titles.Length + 1)].Should().Equal(titles);
            table[1][0].Should().Be("FP32");
        }

        string[] expected = ptq.Single(row => row[0] == "int8")[1..(titles.Length + 1)];
        expected.Should().NotContain("-").And.NotContain("100.00 %", "two bits are few");
        search.Single(row => row[0].StartsWith(Plain, StringComparison.Ordinal))[1..(titles.Length + 1)].Should().Equal(expected);
        partial.Single(row => row[0] == "int8, all layers")[1..(titles.Length + 1)].Should().Equal(expected);
        double agreement = ptqFacts.GetProperty("quantized").GetProperty("agreement").GetDouble();
        string.Create(CultureInfo.InvariantCulture, $"{100 * agreement:F2} %").Should().Be(expected[^2]);
    }

    [Fact]
    public void Labels_that_do_not_count_are_said_and_the_other_figures_told()
    {
        string model = _folder.Write("model.onnx", StepModel.Make(5));
        string labels = _folder.Write("labels.csv", string.Concat(WriteSamples(5).Select(name => $"{name},0\n")));

        ToolRun run = Run(model, labels, "ptq");

        run.Output.Should().Contain(
            $"labels.csv, line 2: {_folder.PathTo("samples/sample01.npy")}: a label stands for one class, "
            + "but output 'y' has shape [1, 5, 6] for 1 samples; "
            + "accuracy needs one row of logits per sample. Labelled samples left out of top-1 accuracy: 12.");
    }

    /// <summary>The first table that a command writes, row by row; for <c>--json</c> its facts too.</summary>
    private string[][] Table(string model, string labels, string command, string option, out JsonElement facts)
    {
        facts = default;
        if (option == "--json")
        {
            using JsonDocument document = JsonDocument.Parse(Run(model, labels, command, option, "--no-refine").Output);
            facts = document.RootElement.Clone();
            option = "--verbose";
        }

        string[] target = command == "partial" ? ["--max-loss", "1", "--float-only"] : [];
        return
        [
            .. Run(model, labels, command, [option, "--no-refine", .. target]).Output.Split('\n')
                .Where(line => line.StartsWith('│'))
                .Select(line => line.Trim().Trim('│').Split('│').Select(cell => cell.Trim()).ToArray()),
        ];
    }

    private ToolRun Run(string model, string labels, string command, params string[] options)
    {
        ToolRun run = ToolRun.InProcess(
        [
            command, model, "--data", _folder.PathTo("samples"), "--labels", labels,
            "--output", _folder.PathTo($"{command}.onnx"), "--weight-bits", "2", .. options,
        ]);
        run.ExitCode.Should().Be(0, run.Error);
        return run;
    }

    private IEnumerable<string> WriteSamples(int? steps)
    {
        Random random = new(2);
        int[] axes = steps is { } count ? [count] : [];
        for (int i = 0; i < 16; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"sample{i:D2}.npy");
            float[] values = [.. Enumerable.Range(0, (steps ?? 1) * StepModel.Width).Select(_ => random.NextSingle() * 2 - 1)];
            _folder.Write($"samples/{name}", Npy.Float(values, [.. axes, StepModel.Width]));
            yield return name;
        }
    }
}
