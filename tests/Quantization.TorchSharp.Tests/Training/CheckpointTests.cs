using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Training;

/// <summary>A run that goes on from a checkpoint is the run that was not interrupted.</summary>
public sealed class CheckpointTests : TorchTest
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private string CheckpointPath => Path.Combine(_folder, "run.qatc");

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(RangeMode.Observed, "AdamW")]
    [InlineData(RangeMode.Learned, "AdamW")]
    [InlineData(RangeMode.Learned, "SGD")]
    public void A_resumed_run_has_the_same_losses(RangeMode range, string optimizer)
    {
        (QatModel whole, torch.optim.Optimizer wholeOptimizer) = Make(range, optimizer);
        List<float> expected = Train(whole, wholeOptimizer, 6);
        whole.FreezeBatchNorm();
        whole.QuantizedLayers[0].InputQuantizer.Enabled = false;
        whole.SaveCheckpoint(CheckpointPath, wholeOptimizer, new CheckpointPosition(2, 6));
        expected = Train(whole, wholeOptimizer, 6);

        // As in a new process: other weights, other random numbers.
        torch.random.manual_seed(99);
        (QatModel resumed, torch.optim.Optimizer resumedOptimizer) = Make(range, optimizer);
        Train(resumed, resumedOptimizer, 1);
        CheckpointPosition position = resumed.LoadCheckpoint(CheckpointPath, resumedOptimizer);

        position.Should().Be(new CheckpointPosition(2, 6));
        Train(resumed, resumedOptimizer, 6).Should().Equal(expected);
        resumed.QuantizedLayers.Should().OnlyContain(layer => layer.IsBatchNormFrozen);
        resumed.QuantizedLayers[0].InputQuantizer.Enabled.Should().BeFalse();
        resumed.QuantizedLayers[0].WeightQuantizer.Steps.Should().Be(whole.QuantizedLayers[0].WeightQuantizer.Steps);
    }

    [Fact]
    public void A_checkpoint_of_another_model_is_refused_and_changes_nothing()
    {
        (QatModel model, torch.optim.Optimizer optimizer) = Make(RangeMode.Learned, "AdamW");
        Train(model, optimizer, 2);
        model.SaveCheckpoint(CheckpointPath, optimizer);
        QatModel other = QuantizationAwareTraining.Prepare(Sequential(Conv2d(1, 4, 3), Flatten(), Linear(144, 3)));
        using torch.optim.Optimizer otherOptimizer = torch.optim.AdamW(other.Module.parameters());
        float[] before = Values(other.QuantizedLayers[0].Weight);

        Action load = () => other.LoadCheckpoint(CheckpointPath, otherOptimizer);

        load.Should().Throw<InvalidDataException>()
            .WithMessage($"{CheckpointPath}: this checkpoint was written from another model:*Prepare the same model*");
        Values(other.QuantizedLayers[0].Weight).Should().Equal(before);
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused_and_changes_nothing()
    {
        (QatModel model, torch.optim.Optimizer optimizer) = Make(RangeMode.Learned, "AdamW");
        Train(model, optimizer, 2);
        model.SaveCheckpoint(CheckpointPath, optimizer);
        byte[] whole = File.ReadAllBytes(CheckpointPath);
        Train(model, optimizer, 1);
        float[] before = Values(model.QuantizedLayers[0].Weight);
        Random random = new(1);

        for (int cut = 0; cut < 60; cut++)
        {
            File.WriteAllBytes(CheckpointPath, whole[..random.Next(whole.Length)]);
            Action load = () => model.LoadCheckpoint(CheckpointPath, optimizer);
            load.Should().Throw<InvalidDataException>().WithMessage($"{CheckpointPath}: *");
        }

        File.WriteAllText(CheckpointPath, "no checkpoint at all");
        Action text = () => model.LoadCheckpoint(CheckpointPath, optimizer);
        text.Should().Throw<InvalidDataException>().WithMessage("*is no checkpoint*");
        Values(model.QuantizedLayers[0].Weight).Should().Equal(before);
    }

    private static (QatModel Model, torch.optim.Optimizer Optimizer) Make(RangeMode range, string optimizer)
    {
        QatModel model = QuantizationAwareTraining.Prepare(
            Sequential(Conv2d(1, 16, 3), BatchNorm2d(16), ReLU(), Dropout(0.3), Flatten(), Linear(576, 3)),
            new QatOptions { Default = LayerQuantization.EightBits with { WeightRange = range, ActivationRange = range, StartStep = 2 } });
        return (model, optimizer == "SGD"
            ? torch.optim.SGD(model.Module.parameters(), 0.01, momentum: 0.9)
            : torch.optim.AdamW(model.Module.parameters(), 0.01));
    }

    /// <summary>Steps on random batches, whose losses are returned: torch's random numbers decide them and what Dropout drops.</summary>
    private static List<float> Train(QatModel model, torch.optim.Optimizer optimizer, int steps)
    {
        model.Module.train();
        List<float> losses = [];
        for (int step = 0; step < steps; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            optimizer.zero_grad();
            Tensor loss = functional.cross_entropy(model.Module.call(torch.randn(16, 1, 8, 8)), torch.randint(3, [16]));
            loss.backward();
            optimizer.step();
            losses.Add(loss.item<float>());
        }

        return losses;
    }
}
