using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Layers;

public sealed class QuantizedLayerTests : TorchTest
{
    public static TheoryData<string> Kinds => ["Linear", "Conv1d", "Conv2d", "ConvTranspose2d"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_layer_is_the_float_layer_over_fake_quantized_input_and_weights(string kind)
    {
        (Module<Tensor, Tensor> source, Tensor input, Func<Tensor, Tensor, Tensor> arithmetic) = Make(kind);
        QuantizedLayer layer = (QuantizedLayer)QuantizationAwareTraining.Prepare(
            source, new QatOptions { Default = LayerQuantization.Learned(4, 5) }).Module;

        Tensor actual = layer.call(input);

        Tensor expected = arithmetic(layer.InputQuantizer.eval_().call(input), layer.WeightQuantizer.call(layer.Weight));
        Values(actual).Should().Equal(Values(expected));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Without_quantization_a_layer_with_BatchNorm_is_the_two_in_sequence(string kind)
    {
        (Module<Tensor, Tensor> source, Tensor input, _) = Make(kind);
        (Module<Tensor, Tensor> twin, _, _) = Make(kind);
        twin.load_state_dict(source.state_dict());
        Module<Tensor, Tensor> norm = kind is "Linear" or "Conv1d" ? BatchNorm1d(6) : BatchNorm2d(6),
            twinNorm = kind is "Linear" or "Conv1d" ? BatchNorm1d(6) : BatchNorm2d(6);
        using (torch.no_grad())
        {
            norm.get_parameter("weight")!.copy_(torch.randn(6));
            norm.get_parameter("bias")!.copy_(torch.randn(6));
            norm.get_buffer("running_mean")!.copy_(torch.randn(6));
            norm.get_buffer("running_var")!.copy_(torch.rand(6) + 0.5);
        }

        twinNorm.load_state_dict(norm.state_dict());
        Module<Tensor, Tensor> expected = Sequential(twin, twinNorm);
        QatModel model = QuantizationAwareTraining.Prepare(Sequential(source, norm));
        model.SetEnabled(false);

        // Batch statistics, what they leave behind, and the folded form.
        Near(Values(model.Module.call(input)), Values(expected.call(input)));
        Near(Values(model.QuantizedLayers[0].BatchNorm!.running_mean!), Values(twinNorm.get_buffer("running_mean")!));
        Near(Values(model.QuantizedLayers[0].BatchNorm!.running_var!), Values(twinNorm.get_buffer("running_var")!));
        model.Module.eval();
        expected.eval();
        Near(Values(model.Module.call(input)), Values(expected.call(input)));
    }

    [Fact]
    public void With_frozen_statistics_training_computes_what_is_deployed()
    {
        QatModel model = QuantizationAwareTraining.Prepare(
            Sequential(Conv2d(2, 4, 3), BatchNorm2d(4)), new QatOptions { Default = LayerQuantization.Learned(3, 3) });
        Tensor input = torch.randn(5, 2, 8, 8);
        model.Module.call(input);
        model.FreezeBatchNorm();
        model.FreezeRanges();

        float[] training = Values(model.Module.train_().call(input));

        Values(model.Module.eval_().call(input)).Should().Equal(training);
    }

    [Fact]
    public void Every_parameter_of_a_folded_layer_learns()
    {
        foreach (bool frozen in new[] { false, true })
        {
            // Channels that fill oneDNN's blocks: of others libtorch 2.10 at times computes an input's gradient as NaN
            // (docs/how-to/libtorch.md).
            QatModel model = QuantizationAwareTraining.Prepare(
                Sequential(Conv2d(8, 8, 3), BatchNorm2d(8)), new QatOptions { Default = LayerQuantization.Learned(4, 4) });
            if (frozen)
            {
                model.FreezeBatchNorm();
            }

            (model.Module.call(torch.randn(5, 8, 8, 8)) * torch.randn(5, 8, 6, 6)).sum().backward();

            foreach ((string name, Parameter parameter) in model.Module.named_parameters())
            {
                (parameter.grad is not null && parameter.grad.abs().sum().item<float>() > 0).Should()
                    .BeTrue($"{name} has a gradient, frozen {frozen}");
            }
        }
    }

    [Fact]
    public void What_has_no_integer_form_is_refused()
    {
        Action reflect =
            () => _ = new QuantizedConv2d(Conv2d(1, 1, 3, padding: 1, padding_mode: PaddingModes.Reflect), LayerQuantization.EightBits);
        Action bits = () => LayerQuantization.Learned(1, 8);

        reflect.Should().Throw<NotSupportedException>().WithMessage("*Reflect*");
        bits.Should().Throw<ArgumentOutOfRangeException>().WithMessage("*2 to 8 bits*");
    }

    private static (Module<Tensor, Tensor> Layer, Tensor Input, Func<Tensor, Tensor, Tensor> Arithmetic) Make(string kind)
    {
        switch (kind)
        {
            case "Linear":
                Linear linear = Linear(5, 6);
                return (linear, torch.randn(9, 5), (x, w) => functional.linear(x, w, linear.bias));
            case "Conv1d":
                Conv1d convolution1 = Conv1d(4, 6, 3, stride: 2, padding: 1, dilation: 2, groups: 2);
                return (convolution1, torch.randn(3, 4, 17), (x, w) => functional.conv1d(x, w, convolution1.bias, 2, 1, 2, 2));
            case "Conv2d":
                Conv2d convolution2 = Conv2d(4, 6, (3, 2), stride: (2, 1), padding: (1, 0), groups: 2);
                return (convolution2, torch.randn(3, 4, 9, 8), (x, w) => functional.conv2d(
                    x, w, convolution2.bias, [2, 1], [1, 0], [1, 1], 2));
            default:
                ConvTranspose2d transposed = ConvTranspose2d(4, 6, 3, stride: 2, padding: 1, output_padding: 1);
                return (transposed, torch.randn(3, 4, 5, 6), (x, w) => functional.conv_transpose2d(
                    x, w, transposed.bias, [2, 2], [1, 1], [1, 1], [1, 1], 1));
        }
    }

    private static void Near(float[] actual, float[] expected) =>
        actual.Should().Equal(expected, (a, b) => MathF.Abs(a - b) < 1e-4f * (1 + MathF.Abs(b)));
}
