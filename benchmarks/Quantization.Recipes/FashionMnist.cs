using System.IO.Compression;
using System.Runtime.InteropServices;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes;

/// <summary>Fashion-MNIST (Zalando Research, MIT licence): 60,000 and 10,000 images of 28 × 28, ten classes.</summary>
internal sealed class FashionMnist
{
    private const int HeaderOfImages = 16, HeaderOfLabels = 8, Side = 28;

    // Mean and deviation of the training images.
    private const float Mean = 0.2860f, Deviation = 0.3530f;

    public FashionMnist(string folder)
    {
        TrainImages = Images(folder, "train");
        TrainLabels = Labels(folder, "train");
        TestImages = Images(folder, "t10k");
        TestLabels = Labels(folder, "t10k");
    }

    public Tensor TrainImages { get; }

    public Tensor TrainLabels { get; }

    public Tensor TestImages { get; }

    public Tensor TestLabels { get; }

    /// <summary>Images as they were stored, with pixels from 0 to 1.</summary>
    public static Tensor ToPixels(Tensor images) => (images * Deviation) + Mean;

    public static bool IsAt(string folder) => File.Exists(Path.Combine(folder, "train-images-idx3-ubyte.gz"));

    private static Tensor Images(string folder, string set)
    {
        byte[] bytes = Read(Path.Combine(folder, $"{set}-images-idx3-ubyte.gz"));
        float[] pixels = new float[bytes.Length - HeaderOfImages];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = ((bytes[HeaderOfImages + i] / 255f) - Mean) / Deviation;
        }

        Tensor images = torch.empty(pixels.Length / (Side * Side), 1, Side, Side);
        pixels.CopyTo(MemoryMarshal.Cast<byte, float>(images.bytes));
        return images;
    }

    private static Tensor Labels(string folder, string set)
    {
        byte[] bytes = Read(Path.Combine(folder, $"{set}-labels-idx1-ubyte.gz"));
        return torch.tensor(bytes.Skip(HeaderOfLabels).Select(label => (long)label).ToArray());
    }

    private static byte[] Read(string path)
    {
        using GZipStream stream = new(File.OpenRead(path), CompressionMode.Decompress);
        using MemoryStream content = new();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
