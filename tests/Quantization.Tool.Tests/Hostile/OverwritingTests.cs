using System.Diagnostics;
using Quantization.Onnx;

namespace Quantization.Tool.Tests.Hostile;

/// <summary>
/// No file is lost: outputs are told from inputs by what they are, not by their paths, and nothing is written over what the tool did not
/// write.
/// </summary>
public sealed class OverwritingTests : IDisposable
{
    private readonly FashionFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_float_model_through_a_linked_folder()
    {
        Directory.CreateDirectory(_folder["a"]);
        File.Copy(_folder.Model, _folder["a/m.onnx"]);
        Directory.CreateSymbolicLink(_folder["b"], _folder["a"]);

        Refuses(2, ["ptq", _folder["a/m.onnx"], "--data", _folder.Samples, "--output", _folder["b/m.onnx"]])
            .Should().Be($"--output {_folder["b/m.onnx"]} is the float model itself, which would be lost; name another file.");
    }

    [Fact]
    public void The_float_model_through_a_symbolic_link()
    {
        File.CreateSymbolicLink(_folder["link.onnx"], _folder.Model);

        Refuses(2, ["ptq", _folder.Model, "--data", _folder.Samples, "--output", _folder["link.onnx"]]).Should()
            .Contain("is the float model itself");
    }

    [Fact]
    public void The_float_model_through_a_hard_link()
    {
        Run("ln", _folder.Model, _folder["hard.onnx"]);

        Refuses(2, ["search", _folder.Model, "--data", _folder.Samples, "--output", _folder["hard.onnx"]]).Should()
            .Contain("is the float model itself");
    }

    [Fact]
    public void A_file_of_the_models_weights()
    {
        string model = _folder["split/m.onnx"];
        Quantization.Onnx.PostTrainingQuantizer.Quantize(
            _folder.Model,
            new Quantization.Onnx.SampleFolder(_folder.Samples),
            model,
            new Quantization.Onnx.PtqOptions { MaxFileBytes = 1 });
        string data = Directory.GetFiles(_folder["split"], "*.data").Single();

        Refuses(2, ["ptq", model, "--data", _folder.Samples, "--output", data]).Should()
            .Be($"--output {data} is an input, which would be lost; name another file.");
    }

    [Fact]
    public void A_sample_by_a_report()
    {
        string sample = _folder["samples/image0001.npy"];

        Refuses(2, ["ptq", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output, "--report", sample])
            .Should().Be($"--report {sample} is an input, which would be lost; name another file.");
    }

    [Fact]
    public void The_labels_by_the_output()
    {
        string labels = _folder.WriteLabels(4);

        Refuses(2, ["ptq", _folder.Model, "--data", _folder.Samples, "--labels", labels, "--output", labels]).Should()
            .Be($"--output {labels} is an input, which would be lost; name another file.");
    }

    [Fact]
    public void A_page_that_is_no_report()
    {
        string page = _folder.Write("index.html", "<!DOCTYPE html><title>My page</title>");

        Refuses(2, ["ptq", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output, "--report", page])
            .Should().Be($"--report {page} exists and is no report of this tool; name another file, or delete this one.");
    }

    [Fact]
    public void A_report_of_an_earlier_run_is_replaced()
    {
        string page = _folder["report.html"];
        string[] args = ["ptq", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output, "--report", page];
        ToolRun.InProcess(args).ExitCode.Should().Be(0);
        File.SetLastWriteTimeUtc(page, DateTime.UnixEpoch);

        ToolRun.InProcess(args).ExitCode.Should().Be(0);

        File.GetLastWriteTimeUtc(page).Should().BeAfter(DateTime.UnixEpoch);
    }

    [Fact]
    public void Another_models_calibration_by_a_search()
    {
        string other = _folder.Write("other.onnx", [.. File.ReadAllBytes(_folder.Model), 0x10, 0x01]), state = _folder["other.qcal"];
        ToolRun.InProcess("calibrate", other, "--data", _folder.Samples, "--state", state).ExitCode.Should().Be(0);

        Refuses(1, ["search", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output, "--state", state])
            .Should().Be($"{state}: this calibration was made from another model, and it would be overwritten; name another file, or "
                + "delete this one if it is not needed.");
    }

    [Fact]
    public void A_calibration_on_other_samples_by_a_partial_quantization()
    {
        string state = _folder["shard.qcal"];
        ToolRun.InProcess("calibrate", _folder.Model, "--data", _folder.Samples, "--state", state).ExitCode.Should().Be(0);

        Refuses(1, ["partial", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output, "--state", state, "--reach", "20"])
            .Should().StartWith($"{state}: this calibration saw 4 samples, not 2, and it would be overwritten; ");
    }

    [Theory]
    [InlineData("calibrate")]
    [InlineData("merge")]
    public void A_file_that_is_no_calibration(string command)
    {
        ToolRun.InProcess("calibrate", _folder.Model, "--data", _folder.Samples, "--state", _folder["a.qcal"]).ExitCode.Should().Be(0);
        string notes = _folder.Write("notes.txt", "notes");

        Refuses(2, command == "merge"
            ? ["merge", _folder["a.qcal"], "--state", notes]
            : ["calibrate", _folder.Model, "--data", _folder.Samples, "--state", notes])
            .Should().Be($"--state {notes} exists and is no calibration file; name another file, or delete this one.");
    }

    [Fact]
    public void A_calibration_that_stands_where_a_search_would_keep_its_own_is_not_deleted()
    {
        string state = _folder.Output + ".qcal";
        Directory.CreateDirectory(_folder["first"]);
        foreach (string name in (string[])["image0000.npy", "image0002.npy"])
        {
            File.Copy(_folder[$"samples/{name}"], _folder[$"first/{name}"]);
        }

        ToolRun.InProcess("calibrate", _folder.Model, "--data", _folder["first"], "--state", state).ExitCode.Should().Be(0);
        byte[] before = File.ReadAllBytes(state);

        ToolRun run = ToolRun.InProcess("search", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output);

        run.ExitCode.Should().Be(0, run.Error);
        File.ReadAllBytes(state).Should().Equal(before, "every other sample calibrates: the search uses the file");
    }

    [Theory]
    [InlineData("--output", "a named pipe")]
    [InlineData("--report", "a named pipe")]
    public void A_pipe_is_no_output(string option, string kind)
    {
        string pipe = _folder["pipe"];
        Run("mkfifo", pipe);
        string[] output = option == "--output" ? ["--output", pipe] : ["--output", _folder.Output, "--report", pipe];

        Refuses(1, ["ptq", _folder.Model, "--data", _folder.Samples, .. output]).Should()
            .Be($"{pipe}: cannot write here, this is {kind}, not a file; name a file.");
        Quantization.Onnx.RegularFile.KindOf(pipe).Should().Be(Quantization.Onnx.FileKind.Pipe);
    }

    [Fact]
    public void A_link_is_no_output()
    {
        _folder.Write("other.onnx", "other");
        File.CreateSymbolicLink(_folder["link.onnx"], _folder["other.onnx"]);

        Refuses(1, ["ptq", _folder.Model, "--data", _folder.Samples, "--output", _folder["link.onnx"]])
            .Should().Be($"{_folder["link.onnx"]}: cannot write here, this is a link to {_folder["other.onnx"]}; name the file itself.");
    }

    [Fact]
    public void A_hidden_sample()
    {
        File.Copy(_folder["samples/image0000.npy"], _folder["samples/.hidden.npy"]);

        Refuses(2, ["ptq", _folder.Model, "--data", _folder.Samples, "--output", _folder["samples/.hidden.npy"]]).Should()
            .Contain("is an input, which would be lost");
    }

    [Fact]
    public void A_file_that_is_called_as_a_lock()
    {
        string state = _folder["m"];
        _folder.Write("m.lock", "mine");
        _folder.Write(".m.trials.quantize-lock", "mine too, whatever it is");

        Refuses(1, ["search", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output, "--state", state])
            .Should().StartWith($"{KeptFileLock.PathOf(state + ".trials")}: this file is no lock of a run; move it away, ");
    }

    [Fact]
    public void A_device_is_no_output() =>
        Refuses(1, ["ptq", _folder.Model, "--data", _folder.Samples, "--output", "/dev/null"]).Should()
            .Be("/dev/null: cannot write here, this is a device, not a file; name a file.");

    private static void Run(string program, params string[] args)
    {
        using Process process = Process.Start(program, args);
        process.WaitForExit();
        process.ExitCode.Should().Be(0);
    }

    /// <summary>Runs the tool, which has to refuse, and leave every file as it was.</summary>
    private string Refuses(int exitCode, string[] args)
    {
        Dictionary<string, string> before = Contents();

        ToolRun run = ToolRun.InProcess(args);

        run.ExitCode.Should().Be(exitCode, run.Error);
        Contents().Should().BeEquivalentTo(before);
        return run.ErrorLine;
    }

    private Dictionary<string, string> Contents() => _folder.Files()
        .Where(file => Quantization.Onnx.RegularFile.KindOf(_folder[file]) == Quantization.Onnx.FileKind.Regular)
        .ToDictionary(
            file => file, file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(_folder[file]))));
}
