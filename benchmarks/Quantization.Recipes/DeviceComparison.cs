using System.Diagnostics;
using System.Globalization;
using Quantization.TorchSharp;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes;

/// <summary>
/// Compares fake quantization by torch's operators on a device, such as <c>cuda</c>, with the core's kernels on the processor: values and
/// gradients bit for bit, and the time of a training step.
/// </summary>
internal static class DeviceComparison
{
    private const int Rounds = 30, WarmUp = 5;

    private static readonly (string Name, FakeQuantizeOptions Options)[] Kinds =
    [
        ("8 bits, observed", new FakeQuantizeOptions { Momentum = 0.1 }),
        ("4 bits, observed channels", new FakeQuantizeOptions
        {
            Format = CodeFormat.Signed(4), Scheme = QuantizationScheme.Symmetric, Granularity = Granularity.PerChannel(0), Momentum = 1,
        }),
        ("4 bits, learned", new FakeQuantizeOptions { Format = CodeFormat.Unsigned(4), Range = RangeMode.Learned }),
        (
            "2 bits, learned offset",
            new FakeQuantizeOptions { Format = CodeFormat.Unsigned(2), Range = RangeMode.Learned, LearnsOffset = true }),
    ];

    /// <summary>Prints what differs and what a step takes.</summary>
    /// <param name="device">The device.</param>
    /// <returns>0 where all bits are equal.</returns>
    public static int Run(string device)
    {
        if (device.StartsWith("cuda", StringComparison.Ordinal) && !torch.cuda.is_available())
        {
            Console.Error.WriteLine("libtorch finds no CUDA device; reference a libtorch-cuda package in place of libtorch-cpu, on a "
                + "machine with an NVIDIA GPU.");
            return 1;
        }

        long differing = Kinds.Sum(kind => Compare(kind.Name, kind.Options, new torch.Device(device)));
        (double kernels, double composed) = (TimeStep(torch.CPU, isComposed: false), TimeStep(new torch.Device(device), isComposed: true));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"A training step of W4A4, batch 128: {kernels:F1} ms by kernels on the processor, {composed:F1} "
                + $"ms by torch's operators on {device}"));
        return differing == 0 ? 0 : 1;
    }

    private static long Compare(string name, FakeQuantizeOptions options, torch.Device device)
    {
        torch.random.manual_seed(1);
        int channels = options.Granularity.Kind == GranularityKind.PerTensor ? 1 : 64;
        FakeQuantize kernels = new(options, channels), composed = new(options, channels) { IsComposed = true };
        composed.to(device);
        long values = 0, gradients = 0, count = 0;
        for (int step = 0; step < 20; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            Tensor input = torch.randn(64, 500) * Math.Pow(2, step - 10), slope = torch.randn(64, 500);
            (Tensor expected, Tensor expectedSlope) = Run(kernels, input, slope);
            (Tensor actual, Tensor actualSlope) = Run(composed, input.to(device), slope.to(device));
            values += (actual.cpu() != expected).sum().item<long>();
            gradients += (actualSlope.cpu() != expectedSlope).sum().item<long>();
            count += expected.numel();
        }

        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{name,-28} {values} values and {gradients} gradients of {count} differ"));
        return values + gradients;
    }

    private static (Tensor Value, Tensor Gradient) Run(FakeQuantize quantizer, Tensor input, Tensor slope)
    {
        Tensor leaf = input.detach().requires_grad_();
        Tensor result = quantizer.call(leaf);
        result.backward([slope]);
        return (result.detach(), leaf.grad!);
    }

    private static double TimeStep(torch.Device device, bool isComposed)
    {
        QatModel model = QuantizationAwareTraining.Prepare(Classifiers.Float(), Classifiers.Options(4, 4));
        foreach (QuantizedLayer layer in model.QuantizedLayers)
        {
            (layer.InputQuantizer.IsComposed, layer.WeightQuantizer.IsComposed) = (isComposed, isComposed);
        }

        model.Module.to(device);
        using torch.optim.Optimizer optimizer = torch.optim.AdamW(model.Module.parameters(), 1e-4);
        Tensor images = torch.randn([Trainer.BatchSize, 1, 28, 28], device: device),
            labels = torch.randint(10, [Trainer.BatchSize], device: device);
        List<double> times = [];
        for (int round = 0; round < Rounds + WarmUp; round++)
        {
            long start = Stopwatch.GetTimestamp();
            Trainer.Step(model.Module, optimizer, images, labels); // it reads the loss, and so waits for the device
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return times.Skip(WarmUp).Order().ElementAt(Rounds / 2);
    }
}
