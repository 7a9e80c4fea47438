using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Quantization.TorchSharp.Tests.Documentation;

/// <summary>The example of the package's readme and of docs/how-to/qat.md, word for word.</summary>
internal static class QatExample
{
    public static QatModel Run(Module<Tensor, Tensor> net, IReadOnlyList<(Tensor Images, Tensor Labels)> batches, string path)
    {
        // net is a trained float model; the first layer keeps 8 bits, as is usual
        QatModel qat = QuantizationAwareTraining.Prepare(net, new QatOptions
        {
            Default = LayerQuantization.Learned(weightBits: 4, activationBits: 4),
            Layers = new Dictionary<string, LayerQuantization?> { ["conv1"] = LayerQuantization.EightBits },
        });
        Console.WriteLine(string.Join('\n', qat.Layers));    // what was quantized, what was left alone and why

        // ranges to start from; this alone is post-training quantization
        qat.Calibrate(batches.Select(batch => batch.Images), new MseCalibrator());

        using var optimizer = optim.AdamW(qat.Module.parameters(), 0.002);
        foreach ((Tensor images, Tensor labels) in batches)
        {
            optimizer.zero_grad();
            functional.cross_entropy(qat.Module.call(images), labels).backward();
            optimizer.step();
        }

        qat.FreezeBatchNorm();                               // before the last epoch: train the very net that is deployed
        qat.Module.eval();
        qat.ExportOnnx([1, 28, 28], path);
        return qat;
    }
}
