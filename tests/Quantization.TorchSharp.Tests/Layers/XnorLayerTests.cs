using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Layers;

public sealed class XnorLayerTests : TorchTest
{
    [Fact]
    public void A_linear_layer_multiplies_signs()
    {
        XnorLinear layer = new(Linear(3, 2));
        using (torch.no_grad())
        {
            layer.Weight.copy_(torch.tensor(new float[] { 1, -2, 3, 0, 0.5f, -1 }).reshape(2, 3));
            layer.Bias!.copy_(torch.tensor(new float[] { 10, 20 }));
        }

        // Signs + − +, scale 2, and + + −, scale 0.5; the input's are + − −, 0 counts as +.
        Values(layer.call(torch.tensor(new float[] { 0, -5, -0.1f }).reshape(1, 3))).Should().Equal(10 + (2 * 1), 20 + (0.5f * 1));
    }

    [Fact]
    public void Gradients_are_the_cores()
    {
        XnorConv2d layer = new(Conv2d(16, 16, 3, bias: false));
        Tensor input = (torch.randn(4, 16, 5, 5) * 1.5).requires_grad_(), factor = torch.randn(4, 16, 3, 3);

        (layer.call(input) * factor).sum().backward();

        // The layer as torch sees it, its binary operands as leaves.
        Tensor signs = torch.where(input.detach() >= 0, 1f, -1f).requires_grad_();
        Tensor magnitudes = layer.Weight.detach().abs().mean([1, 2, 3], keepdim: true);
        Tensor weights = (torch.where(layer.Weight.detach() >= 0, 1f, -1f) * magnitudes).requires_grad_();
        (functional.conv2d(signs, weights) * factor).sum().backward();
        float[] inputGradient = new float[input.numel()], weightGradient = new float[16 * 144];
        SignGradient.StraightThrough(Values(input), Values(signs.grad!), inputGradient);
        for (int filter = 0; filter < 16; filter++)
        {
            Range range = new(filter * 144, (filter + 1) * 144);
            SignGradient.ScaledSign(
                Values(layer.Weight).AsSpan()[range],
                Values(weights.grad!).AsSpan()[range],
                Values(magnitudes)[filter],
                weightGradient.AsSpan()[range]);
        }

        Values(input.grad!).Should().Equal(inputGradient);
        Values(layer.Weight.grad!).Should().Equal(weightGradient, (a, b) => MathF.Abs(a - b) < 1e-4f);
    }
}
