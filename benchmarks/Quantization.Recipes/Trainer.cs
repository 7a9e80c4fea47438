using Quantization.TorchSharp;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes;

/// <summary>Trains a net, saves it after each epoch and takes up where an earlier run stopped.</summary>
internal sealed class Trainer(FashionMnist data, string folder, Progress progress, CancellationToken cancellation)
{
    public const int BatchSize = 128;

    private const double WeightDecay = 0.01;

    /// <summary>Trains to the end of the plan.</summary>
    /// <param name="plan">How.</param>
    /// <param name="net">The net, changed in place.</param>
    /// <param name="teacher">What the net learns from beside the labels; null for the labels alone.</param>
    /// <param name="beforeEpoch">Told the number of each epoch before it starts, also of those that an earlier run did.</param>
    public void Train(TrainingPlan plan, Module<Tensor, Tensor> net, Distillation? teacher = null, Action<int>? beforeEpoch = null)
    {
        using AdamW optimizer = torch.optim.AdamW(net.parameters(), plan.PeakRate, weight_decay: WeightDecay);
        int done = Resume(plan, net, optimizer);
        for (int epoch = 0; epoch < plan.Epochs; epoch++)
        {
            beforeEpoch?.Invoke(epoch);
            if (epoch >= done)
            {
                TrainEpoch(plan, net, teacher, optimizer, epoch);
                Save(plan, net, optimizer, epoch + 1);
            }
        }

        net.eval();
    }

    public static int StepsPerEpoch(FashionMnist data) => (int)(data.TrainImages.shape[0] / BatchSize);

    /// <summary>One step: forward, backward, update. Returns the loss.</summary>
    public static double Step(
        Module<Tensor, Tensor> net, torch.optim.Optimizer optimizer, Tensor images, Tensor labels, Distillation? teacher = null)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        optimizer.zero_grad();
        Tensor loss = teacher is null ? functional.cross_entropy(net.call(images), labels)
            : teacher.Loss(images, logits => functional.cross_entropy(logits, labels));
        loss.backward();
        optimizer.step();
        return loss.item<float>();
    }

    private void TrainEpoch(TrainingPlan plan, Module<Tensor, Tensor> net, Distillation? teacher, AdamW optimizer, int epoch)
    {
        net.train();

        // Seeded by epoch, so that a resumed run sees what an uninterrupted one sees.
        torch.random.manual_seed((plan.Seed * 1000) + epoch);
        int steps = StepsPerEpoch(data);
        using Tensor order = torch.randperm(data.TrainImages.shape[0]);
        for (int step = 0; step < steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            double rate = plan.PeakRate * Schedule((epoch * steps) + step, plan.Epochs * steps, plan.WarmUp);
            foreach (torch.optim.ILearningRateController group in optimizer.ParamGroups)
            {
                group.LearningRate = rate;
            }

            Tensor chosen = order.narrow(0, step * BatchSize, BatchSize);
            Tensor images = data.TrainImages.index_select(0, chosen);
            Tensor isFlipped = torch.rand(BatchSize, 1, 1, 1) < 0.5;
            double loss = Step(
                net, optimizer, torch.where(isFlipped, images.flip(3), images), data.TrainLabels.index_select(0, chosen), teacher);
            progress.Step(plan, epoch, step, steps, loss);
        }
    }

    private static double Schedule(int step, int steps, double warmUp)
    {
        double at = (step + 1.0) / steps;
        return at < warmUp ? at / warmUp : 0.5 * (1 + Math.Cos(Math.PI * (at - warmUp) / (1 - warmUp)));
    }

    private int Resume(TrainingPlan plan, Module<Tensor, Tensor> net, AdamW optimizer)
    {
        int done = plan.Epochs;
        while (done > 0 && !File.Exists(StatePath(plan, done)))
        {
            done--;
        }

        if (done > 0)
        {
            net.load(StatePath(plan, done));
            optimizer.load_state_dict(StatePath(plan, done) + ".optimizer");
        }

        return done;
    }

    private void Save(TrainingPlan plan, Module<Tensor, Tensor> net, AdamW optimizer, int done)
    {
        // The state is complete once it has its name, so it gets it last.
        optimizer.save_state_dict(StatePath(plan, done) + ".optimizer");
        net.save(StatePath(plan, done) + ".part");
        File.Move(StatePath(plan, done) + ".part", StatePath(plan, done), overwrite: true);
        File.Delete(StatePath(plan, done - 1));
        File.Delete(StatePath(plan, done - 1) + ".optimizer");
    }

    private string StatePath(TrainingPlan plan, int done) => Path.Combine(folder, $"{plan.Name}.epoch{done}");
}
