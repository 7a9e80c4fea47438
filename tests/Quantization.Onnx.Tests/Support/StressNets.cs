using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests;

/// <summary>
/// Three small nets that one range for all that was seen makes worse: a DenseNet whose stem has channels of very different size, a
/// classifier of bytes with a wide convolution, and a maxout net. Assets/README.md says how they
/// were trained. Their inputs are the Fashion-MNIST images that the tool ships.
/// </summary>
internal static class StressNets
{
    public const string DenseNet = "densenet", ByteNet = "bytenet", MaxoutNet = "maxoutnet";

    /// <summary>The path of a net.</summary>
    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Assets", $"{name}.onnx");

    /// <summary>Training images as samples of a net, to calibrate with; there are 500.</summary>
    public static SampleList TrainingSamples(string name, int start, int count) =>
        Convert(name, FashionExample.TrainingImages(start, count));

    /// <summary>Test images as samples of a net, with their labels; there are 2,000.</summary>
    public static SampleList TestSamples(string name, int start, int count) => Convert(name, FashionExample.TestImages(start, count));

    /// <summary>The class that a model decides for, for each sample.</summary>
    public static int[] Decide(string path, IEnumerable<ModelSample> samples)
    {
        using InferenceSession session = new(path);
        using RunOptions run = new();
        return [.. samples.Select(Decide)];

        int Decide(ModelSample sample)
        {
            SampleTensor tensor = sample.Inputs[0];
            using OrtValue input = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, tensor.ElementType,
                [1, .. tensor.Shape]);
            tensor.Data.CopyTo(input.GetTensorMutableRawData());
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, session.InputNames, [input], session.OutputNames);
            return System.Numerics.Tensors.TensorPrimitives.IndexOfMax(outputs[0].GetTensorDataAsSpan<float>());
        }
    }

    private static SampleList Convert(string name, SampleList images) =>
        name != ByteNet ? images : new SampleList([.. images.Select(Convert)]);

    private static ModelSample Convert(ModelSample image) => new(image.Name, SampleTensor.Create<long>(
        "tokens", [.. MemoryMarshal.Cast<byte, float>(image.Inputs[0].Data).ToArray().Select(pixel => (long)MathF.Round(pixel * 255))],
            FashionExample.Pixels)) { Label = image.Label };
}
