using System.Buffers.Binary;
using System.IO.Compression;
using Quantization.Onnx;

namespace Quantization.Samples;

/// <summary>Grey images of clothes, 28 × 28, from files in MNIST's format.</summary>
internal sealed class FashionImages
{
    public const int Pixels = 28 * 28;
    private const int Header = 16;
    private const int LabelHeader = 8;

    public static readonly string[] Classes =
        ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    private readonly byte[] _images;
    private readonly byte[]? _labels;

    public FashionImages(string images, string? labels = null)
    {
        _images = Inflate(images);
        _labels = labels is null ? null : Inflate(labels);
        Count = BinaryPrimitives.ReadInt32BigEndian(_images.AsSpan(4));
    }

    public int Count { get; }

    public static FashionImages Training => new(PathTo("train-500-images-idx3-ubyte.gz"));

    public static FashionImages Test => new(PathTo("t10k-2000-images-idx3-ubyte.gz"), PathTo("t10k-2000-labels-idx1-ubyte.gz"));

    /// <summary>The classifier that comes with the repository.</summary>
    public static string Model => PathTo("fashion-mobilenet.onnx");

    public ReadOnlyMemory<byte> this[int index] => _images.AsMemory(Header + (index * Pixels), Pixels);

    public int Label(int index) => _labels![LabelHeader + index];

    /// <summary>As the classifier takes images: 0 to 1.</summary>
    public static float[] Scale(ReadOnlySpan<byte> image)
    {
        float[] values = new float[image.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = image[i] / 255f;
        }

        return values;
    }

    public ISampleSource ToSamples(int count) => SampleSource.FromEnumerable(
        Enumerable.Range(0, count)
            .Select(i => new ModelSample($"image {i}", SampleTensor.Create<float>("image", Scale(this[i].Span), 1, 28, 28))),
        count);

    private static string PathTo(string file) => Path.Combine(AppContext.BaseDirectory, "Assets", file);

    private static byte[] Inflate(string path)
    {
        using GZipStream stream = new(File.OpenRead(path), CompressionMode.Decompress);
        using MemoryStream content = new();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
