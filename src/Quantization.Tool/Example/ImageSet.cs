using System.Buffers.Binary;
using System.Collections;
using System.IO.Compression;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Embedded Fashion-MNIST images, as the example classifier takes them: float [1, 28, 28], pixel / 255.</summary>
internal sealed class ImageSet : ISampleSource
{
    private const int ImageMagic = 0x0803;
    private const int LabelMagic = 0x0801;
    private const int ImageHeader = 16;
    private const int LabelHeader = 8;

    private readonly string _name;
    private readonly byte[] _images;
    private readonly byte[]? _labels;
    private readonly int _height;
    private readonly int _width;

    private ImageSet(string name, byte[] images, byte[]? labels)
    {
        if (ReadInt(images, 0) != ImageMagic
            || (labels is not null && (ReadInt(labels, 0) != LabelMagic || ReadInt(labels, 4) != ReadInt(images, 4))))
        {
            throw new InvalidDataException($"The embedded {name}s are damaged; build the tool again.");
        }

        _name = name;
        _images = images;
        _labels = labels;
        Count = ReadInt(images, 4);
        _height = ReadInt(images, 8);
        _width = ReadInt(images, 12);
    }

    /// <summary>The images to calibrate on: training images.</summary>
    public static ImageSet Calibration => new("calibration image", Inflate("train-500-images-idx3-ubyte.gz"), null);

    /// <summary>The images to score with: test images, with their labels.</summary>
    public static ImageSet Scoring =>
        new("test image", Inflate("t10k-2000-images-idx3-ubyte.gz"), Inflate("t10k-2000-labels-idx1-ubyte.gz"));

    public int Count { get; }

    int? ISampleSource.Count => Count;

    public IEnumerator<ModelSample> GetEnumerator() => Enumerable.Range(0, Count).Select(Read).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static int ReadInt(byte[] idx, int offset) => BinaryPrimitives.ReadInt32BigEndian(idx.AsSpan(offset));

    private static byte[] Inflate(string resource)
    {
        using GZipStream stream = new(ExampleModel.Open(resource), CompressionMode.Decompress);
        using MemoryStream content = new();
        stream.CopyTo(content);
        return content.ToArray();
    }

    private ModelSample Read(int index)
    {
        ReadOnlySpan<byte> pixels = _images.AsSpan(ImageHeader + index * _height * _width, _height * _width);
        float[] values = new float[pixels.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = pixels[i] / 255f;
        }

        return new ModelSample(
            FormattableString.Invariant($"{_name} {index}"), SampleTensor.Create<float>("image", values, 1, _height, _width))
        {
            Label = _labels?[LabelHeader + index],
        };
    }
}
