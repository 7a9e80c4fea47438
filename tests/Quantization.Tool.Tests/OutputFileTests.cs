using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;

namespace Quantization.Tool.Tests;

/// <summary>What a command writes, from its folder to its final place.</summary>
public sealed class OutputFileTests
{
    [Fact]
    public void A_model_in_two_files_comes_to_its_place_whole()
    {
        using FashionFolder folder = new();
        string[] before = folder.Files();

        string data;
        using (OutputFile output = OutputFile.Open(folder.Output))
        {
            Quantize(folder, output);
            folder.Files().Should().NotContain("model.int8.onnx");
            output.Commit();
            data = Directory.GetFiles(folder.Path, "model.int8.onnx.*.data").Should().ContainSingle().Subject;
        }

        folder.Files().Should().BeEquivalentTo([.. before, "model.int8.onnx", Path.GetFileName(data)]);
        using InferenceSession session = new(folder.Output);
        session.InputNames.Should().ContainSingle();
    }

    [Fact]
    public void Without_a_commit_neither_of_two_files_is_left()
    {
        using FashionFolder folder = new();
        string[] before = folder.Files();

        using (OutputFile output = OutputFile.Open(folder["new/model.int8.onnx"]))
        {
            Quantize(folder, output);
        }

        folder.Files().Should().Equal(before);
    }

    [Fact]
    public void What_a_killed_run_left_is_removed_by_the_next_one_to_the_same_output()
    {
        using FashionFolder folder = new();
        string left = Leave(folder, ".model.int8.onnx.abcdefgh.ijk");

        OutputFile.Open(folder.Output).Dispose();

        Directory.Exists(left).Should().BeFalse();
    }

    [Fact]
    public void What_is_not_surely_left_by_a_killed_run_stays()
    {
        using FashionFolder folder = new();
        string[] kept =
        [
            Leave(folder, ".another.onnx.abcdefgh.ijk"),
            Leave(folder, ".model.int8.onnx.running", FolderOwner.Current),
            Leave(folder, ".model.int8.onnx.elsewhere", Ended with { Machine = "another-machine" }),
            Leave(folder, ".model.int8.onnx.strange", "notes\nof\n1\n2\n"),
            folder[".model.int8.onnx.nobody"],
        ];
        Directory.CreateDirectory(kept[^1]);
        string locked = Leave(folder, ".model.int8.onnx.locked");
        using (new FileStream(Path.Combine(locked, ".owner"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            OutputFile.Open(folder.Output).Dispose();
        }

        kept.Append(locked).Should().OnlyContain(path => Directory.Exists(path));
    }

    [Fact]
    public void A_number_that_another_process_has_by_now_does_not_keep_a_folder()
    {
        using FashionFolder folder = new();
        string left = Leave(
            folder, ".model.int8.onnx.abcdefgh.ijk", FolderOwner.Current with { Started = FolderOwner.Current.Started - 3600 });

        OutputFile.Open(folder.Output).Dispose();

        Directory.Exists(left).Should().BeFalse();
    }

    [Fact]
    public void A_folder_of_a_run_that_was_killed_before_it_owned_it_is_removed_after_a_while()
    {
        using FashionFolder folder = new();
        string young = Path.GetDirectoryName(folder.Write(".model.int8.onnx.young/.owner.new", "quantize"))!,
            old = Path.GetDirectoryName(folder.Write(".model.int8.onnx.old/.owner.new", ""))!;
        Directory.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-1));

        OutputFile.Open(folder.Output).Dispose();

        (Directory.Exists(young), Directory.Exists(old)).Should().Be((true, false));
    }

    [Fact]
    public void Runs_side_by_side_to_one_output_leave_each_other_alone()
    {
        using FashionFolder folder = new();
        string[] before = folder.Files();
        using (OutputFile first = OutputFile.Open(folder.Output))
        {
            OutputFile.Open(folder.Output).Dispose();

            File.Exists(first.TemporaryPath).Should().BeTrue();
        }

        folder.Files().Should().Equal(before);
    }

    private static FolderOwner Ended { get; } = FolderOwner.Current with { Process = EndedProcess() };

    /// <summary>Makes the folder that a run leaves when it is killed.</summary>
    private static string Leave(FashionFolder folder, string name, FolderOwner? owner = null) =>
        Leave(folder, name, (owner ?? Ended).ToText());

    private static string Leave(FashionFolder folder, string name, string owner)
    {
        folder.Write($"{name}/model.int8.onnx", "half");
        folder.Write($"{name}/.owner", owner);
        return folder[name];
    }

    /// <summary>The number of a process that has ended.</summary>
    private static int EndedProcess()
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", "--version") { RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.Id;
    }

    /// <summary>Writes a model whose weights do not fit into its own file.</summary>
    private static void Quantize(FashionFolder folder, OutputFile output) =>
        output.Write(path => PostTrainingQuantizer.Quantize(
            folder.Model, new SampleFolder(folder.Samples), path, new PtqOptions { MaxFileBytes = 1 }));
}
