using System.Diagnostics;
using Quantization.Onnx;
using Quantization.Onnx.Tests.Samples;
using Quantization.Tool.Tests.Advising;

namespace Quantization.Tool.Tests.Hostile;

/// <summary>Whatever goes wrong, the user reads one line with the file and the way out, and no name steers the terminal.</summary>
public sealed class MessageTests : IDisposable
{
    private readonly FashionFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ptq", "--output")]
    [InlineData("ptq", "--data")]
    [InlineData("search", "--state")]
    [InlineData("partial", "--report")]
    public void An_empty_value(string command, string option)
    {
        string[] all = ["--data", _folder.Samples, "--output", _folder.Output];
        string[] args = [.. all.Chunk(2).Where(pair => pair[0] != option).SelectMany(pair => pair), option, ""];

        ToolRun run = ToolRun.InProcess([command, _folder.Model, .. args]);

        run.ExitCode.Should().Be(2);
        run.ErrorLine.Should().Be($"{option} needs a value, but '' is empty.");
    }

    [Fact]
    public void A_folder_for_temporary_files_that_does_not_exist()
    {
        ToolRun run = ToolRun.AsProcess(
            _folder.Path, new Dictionary<string, string>
            {
                ["TMPDIR"] = _folder["missing"]
            }, null, "ptq", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().StartWith($"{_folder["missing"]}/: cannot make a folder for temporary files here (")
            .And.EndWith("); make room there, or name another folder (TMPDIR, on Windows TMP).");
        File.Exists(_folder.Output).Should().BeFalse();
    }

    [Fact]
    public void A_folder_for_temporary_files_without_room()
    {
        Directory.CreateDirectory(_folder["tmp"]);
        string tool = Path.Combine(AppContext.BaseDirectory, "Quantization.Tool.dll");

        // No file may become larger than 50 KB, which the model that ONNX Runtime writes is; a signal would end the process otherwise.
        ProcessStartInfo start = new("bash", ["-c", $"trap '' XFSZ; ulimit -f 50; exec dotnet '{tool}' ptq '{_folder.Model}' --data "
            + $"'{_folder.Samples}' --output '{_folder.Output}'"]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["TMPDIR"] = _folder["tmp"];
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // the runtime's own mapped file would not fit either
        using Process process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();

        ToolRun run = new(process.ExitCode, "", error);
        run.ExitCode.Should().Be(1, error);
        run.ErrorLine.Should()
            .StartWith($"{_folder["tmp"]}/: there is no room for ONNX Runtime to write what it makes of {_folder.Model} (");
        File.Exists(_folder.Output).Should().BeFalse();
        Directory.GetFileSystemEntries(_folder["tmp"], "quantization-*").Should().BeEmpty();
    }

    [Fact]
    public void A_name_with_control_characters()
    {
        string model = _folder.Write("unknown.onnx", TinyModel.Unary("Steer\u001b[31mTerminal\u202e", -1, 1, 28, 28));

        ToolRun run = ToolRun.InProcess("ptq", model, "--data", _folder.Samples, "--output", _folder.Output);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should()
            .StartWith($@"{model}: node 'y' (Steer\u001B[31mTerminal\u202E) uses an operator that ONNX Runtime does not know; ");
    }

    [Fact]
    public void A_metric_that_the_model_has_not_got_is_told_in_the_words_of_the_command_line()
    {
        string model = _folder.Write("scalar.onnx", File.ReadAllBytes(_folder.Model));

        ToolRun run = ToolRun.InProcess("search", model, "--data", _folder.Samples, "--output", _folder.Output, "--metric", "top1");

        run.ExitCode.Should().Be(2);
        run.ErrorLine.Should().NotContain("ModelMetric").And.Contain("--metric agreement");
    }

    [Theory]
    [InlineData(AdviceCode.NonFiniteActivation, "remove the sample, repair the model, or leave such values out with --ignore-non-finite.")]
    [InlineData(AdviceCode.NoClassRows, "so there is no agreement; take --metric sqnr.")]
    [InlineData(
        AdviceCode.CalibrationLacksActivation,
        "it was made for another runtime (--runtime), or by another version of ONNX Runtime or of this library; calibrate again.")]
    public void What_the_library_calls_by_its_name_in_CSharp(AdviceCode code, string wayOut)
    {
        Advice advice = AdviceExamples.All.Single(each => each.Code == code);

        CommandLineWords.Instance.Render(advice).Should().EndWith(wayOut);
    }

    [Fact]
    public void A_model_is_called_by_its_name_and_not_by_that_of_the_unfinished_file()
    {
        using OutputFile output = OutputFile.Open(_folder.Output);

        TemporaryNames.Restore($"{output.TemporaryPath}: ONNX Runtime cannot run the model").Should()
            .Be($"{_folder.Output}: ONNX Runtime cannot run the model");
    }
}
