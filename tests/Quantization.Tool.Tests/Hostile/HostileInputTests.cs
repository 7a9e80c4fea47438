using Quantization.Onnx.Tests;

namespace Quantization.Tool.Tests;

/// <summary>Files that are made to block or to fill the memory: one line that names them, exit code 1, and nothing written.</summary>
public sealed class HostileInputTests : IDisposable
{
    private readonly FashionFolder _folder = new(images: 1);

    public void Dispose() => _folder.Dispose();

    /// <summary>The tool has 100 MB, and the array claims and holds 256.</summary>
    [Fact]
    public void A_sample_that_inflates_beyond_the_memory_there_is()
    {
        string bomb = SampleFiles.Bomb(_folder["samples/bomb.npz"], "image", "<f4", "(1, 1, 8192, 8192)", 1 << 28);
        string[] before = _folder.Files();

        ToolRun run = ToolRun.AsProcess(
            _folder.Path, new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x6400000" }, null, "ptq", _folder.Model,
                "--data", _folder.Samples, "--output", _folder.Output);

        run.ExitCode.Should().Be(1, run.Error);
        run.ErrorLine.Should().Be($"{bomb}: input 'image' has shape [1, 1, 8192, 8192], but the model takes [N, 1, 28, 28], with or "
            + "without the first axis.");
        _folder.Files().Should().Equal(before);
    }

    [Fact]
    public void A_pipe_as_a_sample()
    {
        string pipe = NamedPipe.Make(_folder["samples/a.npy"]);

        Fails(_folder.Model).Should().Be($"{pipe}: a named pipe is no file to read from; copy the content into a regular file and name "
            + "that.");
    }

    [Fact]
    public void A_pipe_as_the_labels()
    {
        string pipe = NamedPipe.Make(_folder["labels.csv"]);

        Fails(_folder.Model, "--labels", pipe).Should().StartWith($"{pipe}: a named pipe is no file to read from; ");
    }

    [Fact]
    public void A_pipe_as_the_model()
    {
        string pipe = NamedPipe.Make(_folder["pipe.onnx"]);

        Fails(pipe).Should().StartWith($"{pipe}: this is a named pipe, and models are read only from regular files; ");
    }

    [Fact]
    public void A_pipe_as_the_data_of_a_model()
    {
        NamedPipe.Make(_folder["fifo"]);

        Fails(Copy("e_fifo.onnx")).Should().Contain("is said to lie in 'fifo', which is a named pipe");
    }

    [Fact]
    public void A_name_of_data_with_a_NUL() => Fails(Copy("e_nul.onnx")).Should().Contain("a name with control characters");

    [Fact]
    public void Nested_functions()
    {
        string model = Copy("f_laughs.onnx");

        Fails(model).Should().StartWith($"{model}: the calls of function 'f8' ");
    }

    [Fact]
    public void Nested_branches()
    {
        string model = Copy("n_40.onnx");

        Fails(model).Should().StartWith($"{model}: graphs inside of nodes (If, Loop, Scan) are nested 41 deep, and ONNX Runtime reads 31 "
            + "at most; ");
    }

    private string Copy(string name) => _folder.Write(name, File.ReadAllBytes(SharedFolder.Hostile(name)));

    private string Fails(string model, params string[] more)
    {
        string[] before = _folder.Files();
        ToolRun run = ToolRun.InProcess(["ptq", model, "--data", _folder.Samples, "--output", _folder.Output, .. more]);

        run.ExitCode.Should().Be(1, run.Error);
        run.Output.Should().BeEmpty();
        run.Error.Should().NotContain("   at ");
        _folder.Files().Should().Equal(before);
        return run.ErrorLine;
    }
}
