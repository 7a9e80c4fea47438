using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Quantization.TorchSharp.Tests.Documentation;

/// <summary>The examples of docs/how-to/qat.md on teachers and checkpoints, word for word.</summary>
internal static class QatTeacherExample
{
    public static void Train(
        QatModel qat, Module<Tensor, Tensor> floatNet, optim.Optimizer optimizer, IReadOnlyList<(Tensor Images, Tensor Labels)> batches)
    {
        using Distillation teacher = qat.DistillFrom(floatNet, new DistillationOptions
        {
            Temperature = 2,
            LabelShare = 0.5,
            Layers = [new DistilledLayer("conv3", "norm3", 0.1)], // optional: results of layers too
        });
        foreach ((Tensor images, Tensor labels) in batches)
        {
            optimizer.zero_grad();
            teacher.Loss(images, logits => functional.cross_entropy(logits, labels)).backward();
            optimizer.step();
        }
    }

    public static CheckpointPosition Keep(QatModel qat, optim.Optimizer optimizer)
    {
        qat.SaveCheckpoint("run.qatc", optimizer, new CheckpointPosition(Epoch: 2, Step: 0));

        CheckpointPosition at = qat.LoadCheckpoint("run.qatc", optimizer); // in the next process, with the same model and options
        return at;
    }
}
