using System.IO.Compression;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests;

/// <summary>The classifier and the images that the tool ships.</summary>
internal static class FashionExample
{
    public static string ModelPath { get; } = Path.Combine(AppContext.BaseDirectory, "Assets", "fashion-mobilenet.onnx");

    public const int Pixels = 28 * 28;
    public const int Classes = 10;

    private const int ImagesHeader = 16;
    private const int LabelsHeader = 8;

    private static readonly Lazy<byte[]> Training = new(() => Unpack("train-500-images-idx3-ubyte.gz"));
    private static readonly Lazy<byte[]> Test = new(() => Unpack("t10k-2000-images-idx3-ubyte.gz"));
    private static readonly Lazy<byte[]> Labels = new(() => Unpack("t10k-2000-labels-idx1-ubyte.gz"));
    private static readonly Lazy<ModelCalibration> Calibrated = new(() => ModelCalibrator.Calibrate(ModelPath, TrainingImages(0, 200)));

    /// <summary>What 200 training images show; made once, not to be changed.</summary>
    public static ModelCalibration Calibration => Calibrated.Value;

    /// <summary>Training images, each a sample of its own.</summary>
    public static SampleList TrainingImages(int start, int count) =>
        new([.. Enumerable.Range(start, count)
            .Select(i => new ModelSample($"train {i}", SampleTensor.Create<float>("image", Image(Training.Value, i), 1, 28, 28)))]);

    /// <summary>Test images with their labels, each a sample of its own.</summary>
    public static SampleList TestImages(int start, int count) =>
        new([.. Enumerable.Range(start, count).Select(i => new ModelSample($"test {i}", SampleTensor.Create<float>(
            "image", Image(Test.Value, i), 1, 28, 28)) { Label = Labels.Value[LabelsHeader + i] })]);

    /// <summary>The logits of the first test images, row by row.</summary>
    public static float[] Logits(string modelPath, int count, Action<SessionOptions>? configure = null)
    {
        using SessionOptions options = new();
        configure?.Invoke(options);
        using InferenceSession session = new(modelPath, options);
        float[] pixels = [.. Enumerable.Range(0, count).SelectMany(i => Image(Test.Value, i))];
        using OrtValue images = OrtValue.CreateTensorValueFromMemory(pixels, [count, 1, 28, 28]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
            run, new Dictionary<string, OrtValue> { ["image"] = images }, ["logits"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>The share of images whose largest logit is their label's.</summary>
    public static double Top1(float[] logits)
    {
        int images = logits.Length / Classes;
        return Enumerable.Range(0, images)
            .Count(i => Array.IndexOf(logits, logits.AsSpan(i * Classes, Classes).ToArray().Max(), i * Classes) - i * Classes
                == Labels.Value[LabelsHeader + i]) / (double)images;
    }

    private static float[] Image(byte[] images, int index) =>
        [.. images.AsSpan(ImagesHeader + index * Pixels, Pixels).ToArray().Select(pixel => pixel / 255f)];

    private static byte[] Unpack(string name)
    {
        using GZipStream packed = new(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Assets", name)), CompressionMode.Decompress);
        using MemoryStream unpacked = new();
        packed.CopyTo(unpacked);
        return unpacked.ToArray();
    }
}
