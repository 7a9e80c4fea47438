// Trains a small classifier, trains on with weights of 4 bits in the loop, and runs the result as an int8 ONNX model. In a project of your
// own: dotnet add package Quantization.TorchSharp
//   dotnet add package libtorch-cpu-linux-x64   (or -win-x64, -osx-arm64)
//   dotnet add package Microsoft.ML.OnnxRuntime
using Microsoft.ML.OnnxRuntime;
using Quantization;
using Quantization.Samples;
using Quantization.TorchSharp;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

const int Training = 1600;
const int Batch = 50;
random.manual_seed(1);
FashionImages images = FashionImages.Test;
(Tensor Images, Tensor Labels)[] batches = [.. Enumerable.Range(0, Training / Batch).Select(batch => Read(batch * Batch, Batch))];
(Tensor Images, Tensor Labels) test = Read(Training, images.Count - Training);

using Sequential net = nn.Sequential(
    ("conv1", nn.Conv2d(1, 12, 3, padding: 1)), ("relu1", nn.ReLU()), ("pool1", nn.MaxPool2d(2)),
    ("conv2", nn.Conv2d(12, 24, 3, padding: 1)), ("relu2", nn.ReLU()), ("pool2", nn.MaxPool2d(2)),
    ("flatten", nn.Flatten()), ("linear", nn.Linear(24 * 7 * 7, 10)));
Train(net, epochs: 4, rate: 0.003);
double inFloats = Accuracy(net);

QatModel qat = QuantizationAwareTraining.Prepare(net, new QatOptions
{
    Default = LayerQuantization.Learned(weightBits: 4, activationBits: 8),
    Layers = new Dictionary<string, LayerQuantization?> { ["conv1"] = LayerQuantization.EightBits },
});
qat.Calibrate(batches.Select(batch => batch.Images), new MseCalibrator());
Train(qat.Module, epochs: 2, rate: 0.001);
qat.Module.eval();
string path = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.onnx");
qat.ExportOnnx([1, 28, 28], path);

double deployed = Deployed(path);
Console.WriteLine($"right of {images.Count - Training}: {inFloats:P1} in floats, {Accuracy(qat.Module):P1} trained for 4 bits, "
    + $"{deployed:P1} as ONNX in {new FileInfo(path).Length} bytes");
Expect.True(deployed > 0.7 && deployed > inFloats - 0.05, "the exported model classifies about as well as the float model");
File.Delete(path);

(Tensor Images, Tensor Labels) Read(int first, int count)
{
    float[] pixels = [.. Enumerable.Range(first, count).SelectMany(i => FashionImages.Scale(images[i].Span))];
    return (tensor(pixels, [count, 1, 28, 28]), tensor(Enumerable.Range(first, count).Select(i => (long)images.Label(i)).ToArray()));
}

void Train(nn.Module<Tensor, Tensor> module, int epochs, double rate)
{
    module.train();
    using optim.Optimizer optimizer = optim.AdamW(module.parameters(), rate);
    for (int epoch = 0; epoch < epochs; epoch++)
    {
        foreach ((Tensor pixels, Tensor labels) in batches)
        {
            using DisposeScope scope = NewDisposeScope();
            optimizer.zero_grad();
            nn.functional.cross_entropy(module.call(pixels), labels).backward();
            optimizer.step();
        }
    }
}

double Accuracy(nn.Module<Tensor, Tensor> module)
{
    module.eval();
    using DisposeScope scope = NewDisposeScope();
    using IDisposable frozen = no_grad();
    return module.call(test.Images).argmax(1).eq(test.Labels).to(ScalarType.Float64).mean().item<double>();
}

double Deployed(string model)
{
    using InferenceSession session = new(model);
    long[] labels = test.Labels.data<long>().ToArray();
    using OrtValue input = OrtValue.CreateTensorValueFromMemory(test.Images.data<float>().ToArray(), [labels.Length, 1, 28, 28]);
    using RunOptions run = new();
    using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, session.InputNames, [input], session.OutputNames);
    float[][] rows = [.. outputs[0].GetTensorDataAsSpan<float>().ToArray().Chunk(10)];
    return rows.Zip(labels, (row, label) => Array.IndexOf(row, row.Max()) == label ? 1.0 : 0).Average();
}
