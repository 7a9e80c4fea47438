using System.Globalization;
using System.Runtime.InteropServices;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Tool.Tests;

/// <summary>A user's folder: the example classifier and some of its images as sample files.</summary>
internal sealed class FashionFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FashionFolder(int images = 4)
    {
        Images = images;
        ExampleModel.Save(Model);
        WriteImages("samples", 0, images);
    }

    public string Path => _folder.FullName;

    /// <summary>How many samples there are.</summary>
    public int Images { get; }

    public string Model => this["model.onnx"];

    public string Samples => this["samples"];

    public string Output => this["model.int8.onnx"];

    /// <summary>The path of a file in the folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Write(string name, byte[] content) => _folder.Write(name, content);

    public string Write(string name, string content) => _folder.Write(name, content);

    /// <summary>Writes test images as <c>image0000.npy</c> …; half of them with the batch axis.</summary>
    public void WriteImages(string folder, int first, int count)
    {
        foreach ((ModelSample sample, int i) in ImageSet.Scoring.Skip(first).Take(count).Select((sample, i) => (sample, first + i)))
        {
            int[] shape = i % 2 == 0 ? [1, 28, 28] : [1, 1, 28, 28];
            Write($"{folder}/{ImageName(i)}", Npy.Float(MemoryMarshal.Cast<byte, float>(sample.Inputs[0].Data).ToArray(), shape));
        }
    }

    /// <summary>Writes the labels of the first test images.</summary>
    public string WriteLabels(int count) =>
        Write("labels.csv", string.Concat(ImageSet.Scoring.Take(count)
            .Select((sample, i) => string.Create(CultureInfo.InvariantCulture, $"{ImageName(i)},{sample.Label}\n"))));

    /// <summary>Every file below the folder, by its path from there.</summary>
    public string[] Files() => [.. Directory.EnumerateFileSystemEntries(Path, "*", SearchOption.AllDirectories)
        .Select(file => System.IO.Path.GetRelativePath(Path, file)).Order()];

    public void Dispose() => _folder.Dispose();

    private static string ImageName(int index) => string.Create(CultureInfo.InvariantCulture, $"image{index:D4}.npy");
}
