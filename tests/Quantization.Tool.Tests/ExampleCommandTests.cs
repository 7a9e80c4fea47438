using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Tool.Tests;

/// <summary>The run without arguments, as a process of its own.</summary>
public sealed partial class ExampleCommandTests
{
    private const string OutputPath = "quantized/fashion-mobilenet.int8.onnx";

    [Theory]
    [InlineData("en_US.UTF-8")]
    [InlineData("de_DE.UTF-8")]
    public void The_best_model_is_as_accurate_as_the_float_model_and_much_smaller(string language)
    {
        using TemporaryFolder folder = new();

        ToolRun run = ToolRun.AsProcess(folder.FullName, Environment(folder, language), null);

        run.ExitCode.Should().Be(0, run.Error);
        string[][] table = ReadTable(run.Output);
        table[0].Should().Equal("Calibrator", "Top-1", "Logit SQNR", "File size", "Median latency");
        table.Skip(1).Select(row => row[0]).Should().Equal("FP32", "Max", "Entropy", "Percentile 99.99");
        table[1][1..4].Should().Equal("94.00 %", "-", "267.5 KB");
        table[2..].Should().AllSatisfy(row =>
        {
            row[2].Should().MatchRegex(@"^\d+\.\d dB$");
            row[3].Should().MatchRegex(@"^\d+\.\d KB \(0\.\d\dx\)$");
            row[4].Should().MatchRegex(@"^\d+\.\d+ ms \(\d+\.\d\dx\)$");
        });
        table[2..].Max(row => Number(row[1])).Should().BeGreaterThanOrEqualTo(94.00 - 0.3);
        run.Output.Should().MatchRegex(@"ONNX Runtime runs \d+ nodes in int8 \(.*QLinearConv 17");
        run.Output.Should().Contain($": {Path.Combine("quantized", "fashion-mobilenet.int8.onnx")}");
        run.Output.Split('\n').Where(line => line.StartsWith('│')).Should()
            .OnlyContain(line => line.TrimEnd('\r').Length <= 80, "the table fits the narrowest usual terminal");
        run.Output.Should().NotContain("\u001B");
        run.Error.Should().NotContain("\u001B");

        string written = Path.Combine(folder.FullName, OutputPath);
        ((double)new FileInfo(written).Length / 267_482).Should().BeLessThan(0.40);
        Top1(written).Should().Be(table[2..].Max(row => Number(row[1])), "the file written is the best one of the table");
    }

    [Theory]
    [InlineData("Calibrating", "INT")]
    [InlineData("Evaluating", "INT")]
    [InlineData("Evaluating", "TERM")]
    public void An_interrupt_leaves_no_file_behind(string during, string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signal to send to one process; run this test on Linux or macOS.");
        using TemporaryFolder folder = new();
        if (signal == "INT" && IsInterruptIgnored())
        {
            // A shell starts background jobs deaf to Ctrl-C, and whatever they start inherits that.
            signal = "TERM";
        }

        ToolRun run = ToolRun.AsProcess(
            folder.FullName,
            Environment(folder, "en_US.UTF-8"),
            (process, line) =>
            {
                if (line.StartsWith(during, StringComparison.Ordinal))
                {
                    using Process kill = Process.Start("kill", ["-" + signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
                    kill.WaitForExit();
                }
            });

        run.ExitCode.Should().Be(130);
        run.ErrorLine.Should().Be("cancelled; nothing was written.");
        Directory.EnumerateFileSystemEntries(folder.FullName, "*", SearchOption.AllDirectories).Should().BeEmpty();
    }

    [Fact]
    public void A_failure_keeps_the_file_of_an_earlier_run()
    {
        using TemporaryFolder folder = new();
        string earlier = folder.Write(OutputPath, "earlier");

        ToolRun run = ToolRun.AsProcess(
            folder.FullName,
            new Dictionary<string, string>(
                Environment(folder, "en_US.UTF-8")) { ["TMPDIR"] = earlier, ["TMP"] = earlier, ["TEMP"] = earlier },
            null);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().NotBeEmpty();
        Directory.EnumerateFiles(folder.FullName, "*", SearchOption.AllDirectories).Should().Equal(earlier);
        File.ReadAllText(earlier).Should().Be("earlier");
    }

    private static bool IsInterruptIgnored()
    {
        const string Ignored = "SigIgn:";
        const ulong Interrupt = 1 << 1;
        return OperatingSystem.IsLinux()
            && File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Ignored, StringComparison.Ordinal)) is { } mask
            && (ulong.Parse(mask[Ignored.Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & Interrupt) != 0;
    }

    /// <summary>Temporary files go where the test can see them.</summary>
    private static Dictionary<string, string> Environment(TemporaryFolder folder, string language) => new()
    {
        ["LC_ALL"] = language,
        ["TMPDIR"] = folder.FullName,
        ["TMP"] = folder.FullName,
        ["TEMP"] = folder.FullName,
        ["DOTNET_EnableDiagnostics"] = "0", // or .NET keeps files of its own there
    };

    /// <summary>The cells of a table drawn with box characters.</summary>
    private static string[][] ReadTable(string output) =>
        [.. output.Split('\n')
            .Where(line => line.StartsWith('│')).Select(line => line.Trim().Trim('│').Split('│', StringSplitOptions.TrimEntries))];

    private static double Number(string cell) => double.Parse(FirstNumber().Match(cell).Value, CultureInfo.InvariantCulture);

    /// <summary>The accuracy counted here, with a session of its own.</summary>
    private static double Top1(string model)
    {
        using InferenceSession session = new(model);
        using RunOptions options = new();
        int correct = 0;
        int count = 0;
        foreach (ModelSample sample in ImageSet.Scoring)
        {
            using OrtValue image = OrtValue.CreateAllocatedTensorValue(
                OrtAllocator.DefaultInstance, sample.Inputs[0].ElementType, [1, 1, 28, 28]);
            sample.Inputs[0].Data.CopyTo(image.GetTensorMutableRawData());
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, ["image"], [image], ["logits"]);
            float[] logits = outputs[0].GetTensorDataAsSpan<float>().ToArray();
            correct += Array.IndexOf(logits, logits.Max()) == sample.Label ? 1 : 0;
            count++;
        }

        return Math.Round(100.0 * correct / count, 2);
    }

    [GeneratedRegex(@"\d+\.\d+")]
    private static partial Regex FirstNumber();
}
