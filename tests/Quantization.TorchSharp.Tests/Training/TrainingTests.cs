using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Training;

public sealed class TrainingTests : TorchTest
{
    [Theory]
    [InlineData(2, RangeMode.Learned)]
    [InlineData(4, RangeMode.Observed)]
    public void A_quantized_net_learns_and_the_same_seed_gives_the_same_net(int bits, RangeMode range)
    {
        (double first, double last) = Train(bits, range);

        last.Should().BeLessThan(0.5 * first);
        Train(bits, range).Should().Be((first, last));
    }

    private static (double First, double Last) Train(int bits, RangeMode range)
    {
        torch.random.manual_seed(5);
        LayerQuantization quantization = new() { WeightBits = bits, ActivationBits = bits, WeightRange = range, ActivationRange = range };
        QatModel model = QuantizationAwareTraining.Prepare(
            Sequential(Conv2d(1, 8, 3), BatchNorm2d(8), ReLU(), Flatten(), Linear(288, 4)), new QatOptions { Default = quantization });
        Tensor images = torch.randn(64, 1, 8, 8),
            labels = (images.mean([1, 2, 3]) * 20).floor().clamp(-2, 1).add(2).to(torch.ScalarType.Int64);
        using torch.optim.Optimizer optimizer = torch.optim.AdamW(model.Module.parameters(), 0.01);
        double first = 0, last = 0;
        for (int step = 0; step < 60; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            optimizer.zero_grad();
            Tensor loss = functional.cross_entropy(model.Module.call(images), labels);
            loss.backward();
            optimizer.step();
            last = loss.item<float>();
            first = step == 0 ? last : first;
        }

        return (first, last);
    }
}
