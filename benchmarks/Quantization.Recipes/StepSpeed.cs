using System.Diagnostics;
using System.Globalization;
using Quantization.TorchSharp;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes;

/// <summary>What a training step costs with quantization and without: steps of each kind in turn, the median of each.</summary>
internal static class StepSpeed
{
    private const int Rounds = 60, WarmUp = 10;

    public static void Print(FashionMnist data)
    {
        List<(string Name, Module<Tensor, Tensor> Net)> nets = [("FP32", Classifiers.Float())];
        foreach ((int bits, bool frozen) in new[] { (8, false), (4, false), (4, true) })
        {
            QatModel model = QuantizationAwareTraining.Prepare(Classifiers.Float(), Classifiers.Options(bits, bits));
            if (frozen)
            {
                model.FreezeBatchNorm();
            }

            nets.Add(($"W{bits}A{bits}{(frozen ? ", BatchNorm frozen" : "")}", model.Module));
        }

        double[][] times = [.. nets.Select(_ => new double[Rounds])];
        List<AdamW> optimizers = [.. nets.Select(net => torch.optim.AdamW(net.Net.parameters(), 1e-4))];
        using Tensor images = data.TrainImages.narrow(0, 0, Trainer.BatchSize).clone(),
            labels = data.TrainLabels.narrow(0, 0, Trainer.BatchSize).clone();
        for (int round = -WarmUp; round < Rounds; round++)
        {
            for (int i = 0; i < nets.Count; i++)
            {
                long start = Stopwatch.GetTimestamp();
                Trainer.Step(nets[i].Net, optimizers[i], images, labels);
                times[i][Math.Max(round, 0)] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        }

        double reference = Median(times[0]);
        for (int i = 0; i < nets.Count; i++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{nets[i].Name,-24} {Median(times[i]),6:F1} ms a step, {Median(times[i]) / reference:F2} of FP32's"));
        }
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
