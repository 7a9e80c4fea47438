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

    /// <summary>Writes a model whose weights do not fit into its own file.</summary>
    private static void Quantize(FashionFolder folder, OutputFile output) =>
        output.Write(path => PostTrainingQuantizer.Quantize(folder.Model, new SampleFolder(folder.Samples), path, new PtqOptions { MaxFileBytes = 1 }));
}
