using System.Globalization;
using System.Numerics.Tensors;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;
using TorchSharp;

namespace Quantization.Recipes.StressNets;

/// <summary>Trains the nets, writes them as ONNX models, and tells how often int8 with plain options decides as float does.</summary>
internal static class StressProgram
{
    private const int Seed = 1, Calibrating = 200, Classes = 10, Pixels = 28 * 28;
    private const double PeakRate = 0.004, WarmUp = 0.2;

    public static void Run(RecipeOptions options)
    {
        Directory.CreateDirectory(options.Output);
        FashionMnist data = new(options.Data);
        Func<StressNet>[] nets = [() => new DenseNet(), () => new ByteNet(), () => new MaxoutNet()];
        Progress progress = new(nets.Length * options.Epochs * Trainer.StepsPerEpoch(data));
        Trainer trainer = new(data, options.Output, progress, CancellationToken.None);
        foreach (Func<StressNet> make in nets)
        {
            torch.random.manual_seed(Seed);
            using StressNet net = make();
            trainer.Train(new TrainingPlan(net.GetName(), options.Epochs, PeakRate, WarmUp, Seed), net);
            string path = Path.Combine(options.Output, net.FileName);
            File.WriteAllBytes(path, net.Export().ToByteArray());
            progress.Say(Measure(net, path, data));
        }
    }

    private static string Measure(StressNet net, string path, FashionMnist data)
    {
        int count = (int)data.TestImages.shape[0];
        long[] labels = [.. data.TestLabels.data<long>()];
        float[][] test = Images(data.TestImages, count);
        ModelSample[] calibrating = [.. Images(data.TrainImages, Calibrating)
            .Select((image, i) => new ModelSample($"train {i}", net.MakeInput(image)))];
        int[] decided = Decide(path, net, test);
        string result = string.Create(CultureInfo.InvariantCulture,
            $"{net.FileName}: {new FileInfo(path).Length} bytes, accuracy {Share(i => decided[i] == labels[i]):F2} %");
        foreach (ICalibrator calibrator in new ICalibrator[] { new MaxCalibrator(), new MseCalibrator(), new PercentileCalibrator() })
        {
            string quantized = Path.ChangeExtension(path, $"{calibrator.Name}.onnx");
            PostTrainingQuantizer.Quantize(path, SampleSource.FromEnumerable(calibrating), quantized,
                new PtqOptions { ActivationCalibrator = calibrator, LatencyRuns = 0 });
            int[] codes = Decide(quantized, net, test);
            (double agreement, double accuracy) = (Share(i => codes[i] == decided[i]), Share(i => codes[i] == labels[i]));
            result += string.Create(
                CultureInfo.InvariantCulture, $"; int8 by {calibrator.Name}: agreement {agreement:F2} %, accuracy {accuracy:F2} %");
        }

        return result;

        double Share(Func<int, bool> holds) => 100.0 * Enumerable.Range(0, count).Count(holds) / count;
    }

    private static int[] Decide(string path, StressNet net, float[][] images)
    {
        using InferenceSession session = new(path);
        using RunOptions run = new();
        return [.. images.Select(Decide)];

        int Decide(float[] image)
        {
            SampleTensor tensor = net.MakeInput(image);
            using OrtValue input = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, tensor.ElementType,
                [1, .. tensor.Shape]);
            tensor.Data.CopyTo(input.GetTensorMutableRawData());
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, session.InputNames, [input], session.OutputNames);
            return TensorPrimitives.IndexOfMax(outputs[0].GetTensorDataAsSpan<float>()[..Classes]);
        }
    }

    private static float[][] Images(torch.Tensor normalized, int count)
    {
        using torch.Tensor pixels = FashionMnist.ToPixels(normalized.narrow(0, 0, count)).contiguous();
        float[] values = pixels.data<float>().ToArray();
        return [.. Enumerable.Range(0, count).Select(i => values.AsSpan(i * Pixels, Pixels).ToArray())];
    }
}
