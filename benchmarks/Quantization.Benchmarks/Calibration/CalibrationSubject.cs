using System.Collections;
using System.IO.Compression;
using Quantization.Benchmarks.Support;
using Quantization.Onnx;
using Quantization.Onnx.Tests.RealModels;

namespace Quantization.Benchmarks.Calibration;

/// <summary>A model and any number of samples for it.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="ModelPath">The float model.</param>
/// <param name="Stream">The first samples, each made when it is asked for.</param>
internal sealed record CalibrationSubject(string Name, string ModelPath, Func<int, IEnumerable<ModelSample>> Stream)
{
    private const int LineSeed = 1;
    private const int ImagesHeader = 16;
    private const int Side = 28;

    /// <summary>
    /// A model and a folder of samples by their paths, <c>recognizer</c>, <c>fashion</c>, or without arguments the first of these two that
    /// there is.
    /// </summary>
    public static CalibrationSubject Find(string[] arguments)
    {
        switch (arguments)
        {
            case [string model, string folder]:
                SampleFolder samples = new(folder);
                return new CalibrationSubject(Path.GetFileName(model), model, count => Repeat(samples, count));
            case ["recognizer"]:
                return new CalibrationSubject(
                    "PaddleOCR's text recognizer",
                    OcrModels.Recognizer,
                    count => TextLine.Stream(LineSeed, count).Select(line => line.ToSample()));
            case ["fashion"]:
                return new CalibrationSubject("the embedded classifier", RepositoryFiles.Model, count => Repeat(Images(), count));
            case []:
                try
                {
                    CalibrationSubject recognizer = Find(["recognizer"]);
                    _ = recognizer.Stream(1).Count();
                    return recognizer;
                }
                catch (FileNotFoundException e)
                {
                    Console.WriteLine($"{e.Message}\nThe embedded classifier takes the recognizer's place.");
                    return Find(["fashion"]);
                }

            default:
                throw new ArgumentException(
                    "Give a model and a folder of samples, 'recognizer', 'fashion', or nothing.", nameof(arguments));
        }
    }

    public ISampleSource Samples(int count) => new Source(Stream(count), count);

    private static IEnumerable<ModelSample> Repeat(IEnumerable<ModelSample> samples, int count) =>
        Enumerable.Repeat(samples, count).SelectMany(each => each).Take(count);

    private static IEnumerable<ModelSample> Images()
    {
        using GZipStream packed = new(File.OpenRead(RepositoryFiles.Asset("train-500-images-idx3-ubyte.gz")), CompressionMode.Decompress);
        using MemoryStream unpacked = new();
        packed.CopyTo(unpacked);
        foreach (byte[] image in unpacked.ToArray().Skip(ImagesHeader).Chunk(Side * Side))
        {
            yield return new ModelSample(
                "image", SampleTensor.Create<float>("image", [.. image.Select(pixel => pixel / 255f)], 1, Side, Side));
        }
    }

    private sealed class Source(IEnumerable<ModelSample> samples, int count) : ISampleSource
    {
        public int? Count => count;

        public IEnumerator<ModelSample> GetEnumerator() => samples.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
